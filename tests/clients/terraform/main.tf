terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = "us-east-1"
}

variable "description" {
  type = string
}

variable "max_session" {
  type = number
}

data "aws_caller_identity" "current" {}

data "aws_iam_policy_document" "read" {
  statement {
    sid       = "Read"
    actions   = ["iam:Get*", "iam:List*"]
    resources = ["*"]
    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalTag/team"
      values   = ["blue", "green"]
    }
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = [aws_iam_user.alice.arn]
    }
  }
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_user" "alice" {
  name                 = "alice"
  path                 = "/team/"
  permissions_boundary = aws_iam_policy.read.arn
  tags = {
    team        = "blue"
    description = var.description
  }
}

resource "aws_iam_access_key" "alice" {
  user = aws_iam_user.alice.name
}

resource "aws_iam_user" "leaving" {
  name          = "leaving"
  force_destroy = true
}

resource "aws_iam_group" "staff" {
  name = "staff"
}

resource "aws_iam_group_membership" "staff" {
  name  = "staff"
  group = aws_iam_group.staff.name
  users = [aws_iam_user.alice.name]
}

resource "aws_iam_group" "more" {
  name = "more"
}

resource "aws_iam_user_group_membership" "alice" {
  user   = aws_iam_user.alice.name
  groups = [aws_iam_group.more.name]
}

resource "aws_iam_role" "reader" {
  name                 = "reader"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  description          = var.description
  max_session_duration = var.max_session
  tags = {
    team = "blue"
  }
}

resource "aws_iam_policy" "read" {
  name        = "read"
  description = "Reads everything"
  policy      = data.aws_iam_policy_document.read.json
  tags = {
    team = "blue"
  }
}

resource "aws_iam_policy" "changing" {
  name = "changing"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::b/${var.max_session}" }]
  })
}

resource "aws_iam_user_policy" "inline" {
  name   = "inline"
  user   = aws_iam_user.alice.name
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_iam_group_policy" "inline" {
  name   = "inline"
  group  = aws_iam_group.staff.name
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_iam_role_policy" "inline" {
  name   = "inline"
  role   = aws_iam_role.reader.name
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_iam_user_policy_attachment" "alice" {
  user       = aws_iam_user.alice.name
  policy_arn = aws_iam_policy.read.arn
}

resource "aws_iam_group_policy_attachment" "staff" {
  group      = aws_iam_group.staff.name
  policy_arn = aws_iam_policy.read.arn
}

resource "aws_iam_role_policy_attachment" "reader" {
  role       = aws_iam_role.reader.name
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}

resource "aws_iam_instance_profile" "reader" {
  name = "reader"
  role = aws_iam_role.reader.name
}

resource "aws_iam_account_alias" "alias" {
  account_alias = "carnet-terraform"
}

resource "aws_iam_account_password_policy" "strict" {
  minimum_password_length        = 14
  require_lowercase_characters   = true
  require_numbers                = true
  require_uppercase_characters   = true
  require_symbols                = true
  allow_users_to_change_password = true
  max_password_age               = 90
  password_reuse_prevention      = 5
}

data "aws_iam_user" "alice" {
  user_name = aws_iam_user.alice.name
}

data "aws_iam_role" "reader" {
  name = aws_iam_role.reader.name
}

data "aws_iam_policy" "read" {
  arn = aws_iam_policy.read.arn
}

output "account" {
  value = data.aws_caller_identity.current.account_id
}

output "user_id" {
  value = data.aws_iam_user.alice.user_id
}

output "role_arn" {
  value = data.aws_iam_role.reader.arn
}

output "policy_name" {
  value = data.aws_iam_policy.read.name
}
