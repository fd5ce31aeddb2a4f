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

output "key" { value = aws_kms_key.mine.arn }
