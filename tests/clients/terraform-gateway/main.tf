# Resources of services behind the gateway, with their policies.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "description" { type = string }

data "aws_caller_identity" "me" {}

locals {
  root = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:root"
}

resource "aws_kms_key" "mine" {
  description = var.description
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = local.root }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })
}

resource "aws_kms_alias" "mine" {
  name          = "alias/mine"
  target_key_id = aws_kms_key.mine.key_id
}

resource "aws_sns_topic" "news" {
  name         = "news"
  display_name = var.description
}

resource "aws_sns_topic_policy" "news" {
  arn = aws_sns_topic.news.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.news.arn
    }]
  })
}

resource "aws_sqs_queue" "orders" {
  name          = "orders"
  delay_seconds = var.description == "first" ? 1 : 2
}

resource "aws_sqs_queue_policy" "orders" {
  queue_url = aws_sqs_queue.orders.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = local.root }
      Action    = "sqs:*"
      Resource  = aws_sqs_queue.orders.arn
    }]
  })
}

resource "aws_secretsmanager_secret" "db" {
  name                    = "db"
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_policy" "db" {
  secret_arn = aws_secretsmanager_secret.db.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = local.root }
      Action    = "secretsmanager:GetSecretValue"
      Resource  = "*"
    }]
  })
}

resource "aws_dynamodb_table" "t" {
  name         = "t"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "k"

  attribute {
    name = "k"
    type = "S"
  }
}

resource "aws_kms_grant" "lambda" {
  name              = "lambda"
  key_id            = aws_kms_key.mine.key_id
  grantee_principal = aws_iam_role.f.arn
  operations        = ["Decrypt", "GenerateDataKey"]

  constraints {
    encryption_context_subset = { app = "mine" }
  }
}

resource "aws_kms_key_policy" "separate" {
  key_id = aws_kms_key.separate.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = local.root }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })
}

resource "aws_kms_key" "separate" {
  enable_key_rotation     = true
  deletion_window_in_days = 7
  tags                    = { team = var.description }
}

resource "aws_sns_topic_subscription" "orders" {
  topic_arn            = aws_sns_topic.news.arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.orders.arn
  raw_message_delivery = var.description == "second"
}

resource "aws_sqs_queue" "failed" {
  name                        = "failed.fifo"
  fifo_queue                  = true
  content_based_deduplication = var.description == "second"
  tags                        = { team = var.description }
}

resource "aws_secretsmanager_secret_version" "db" {
  secret_id     = aws_secretsmanager_secret.db.id
  secret_string = var.description
}

resource "aws_dynamodb_table" "indexed" {
  name         = "indexed"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "owner"
  range_key    = "at"

  attribute {
    name = "owner"
    type = "S"
  }

  attribute {
    name = "at"
    type = "N"
  }

  attribute {
    name = "kind"
    type = "S"
  }

  global_secondary_index {
    name            = "by-kind"
    hash_key        = "kind"
    projection_type = "ALL"
  }

  ttl {
    attribute_name = "until"
    enabled        = true
  }

  tags = { team = var.description }
}

resource "aws_dynamodb_resource_policy" "t" {
  resource_arn = aws_dynamodb_table.t.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = local.root }
      Action    = "dynamodb:GetItem"
      Resource  = aws_dynamodb_table.t.arn
    }]
  })
}

resource "aws_iam_role" "f" {
  name = "f"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "f" {
  role = aws_iam_role.f.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
      Resource = aws_sqs_queue.orders.arn
    }]
  })
}

resource "aws_lambda_function" "f" {
  function_name    = "f"
  role             = aws_iam_role.f.arn
  handler          = "f.handler"
  runtime          = "python3.13"
  filename         = "function.zip"
  source_code_hash = filebase64sha256("function.zip")

  environment {
    variables = { KIND = var.description }
  }
}

resource "aws_lambda_permission" "news" {
  statement_id  = "news"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.f.function_name
  principal     = "sns.amazonaws.com"
  source_arn    = aws_sns_topic.news.arn
}

resource "aws_lambda_event_source_mapping" "orders" {
  depends_on       = [aws_iam_role_policy.f]
  event_source_arn = aws_sqs_queue.orders.arn
  function_name    = aws_lambda_function.f.arn
  batch_size       = var.description == "first" ? 1 : 2
}

output "key" { value = aws_kms_key.mine.arn }
