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

variable "duration" {
  type = string
}

variable "account" {
  type = string
}

variable "group" {
  type = string
}

data "aws_ssoadmin_instances" "this" {}

locals {
  instance = tolist(data.aws_ssoadmin_instances.this.arns)[0]
}

resource "aws_ssoadmin_permission_set" "reader" {
  name             = "Reader"
  description      = var.description
  instance_arn     = local.instance
  session_duration = var.duration
  relay_state      = "https://console.example.com"
  tags             = { stage = var.description }
}

resource "aws_ssoadmin_managed_policy_attachment" "reader" {
  instance_arn       = local.instance
  permission_set_arn = aws_ssoadmin_permission_set.reader.arn
  managed_policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}

resource "aws_ssoadmin_permission_set_inline_policy" "reader" {
  instance_arn       = local.instance
  permission_set_arn = aws_ssoadmin_permission_set.reader.arn
  inline_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::${var.description}/*" }]
  })
}

resource "aws_ssoadmin_permissions_boundary_attachment" "reader" {
  instance_arn       = local.instance
  permission_set_arn = aws_ssoadmin_permission_set.reader.arn
  permissions_boundary {
    managed_policy_arn = "arn:aws:iam::aws:policy/PowerUserAccess"
  }
}

resource "aws_ssoadmin_customer_managed_policy_attachment" "custom" {
  instance_arn       = local.instance
  permission_set_arn = aws_ssoadmin_permission_set.custom.arn
  customer_managed_policy_reference {
    name = "own"
    path = "/team/"
  }
}

resource "aws_ssoadmin_permission_set" "custom" {
  name         = "Custom"
  instance_arn = local.instance
}

resource "aws_ssoadmin_account_assignment" "reader" {
  instance_arn       = local.instance
  permission_set_arn = aws_ssoadmin_permission_set.reader.arn
  principal_id       = var.group
  principal_type     = "GROUP"
  target_id          = var.account
  target_type        = "AWS_ACCOUNT"
  depends_on = [
    aws_ssoadmin_managed_policy_attachment.reader,
    aws_ssoadmin_permission_set_inline_policy.reader,
    aws_ssoadmin_permissions_boundary_attachment.reader,
  ]
}

resource "aws_ssoadmin_instance_access_control_attributes" "this" {
  instance_arn = local.instance
  attribute {
    key = "Department"
    value {
      source = ["$${path:enterprise.department}"]
    }
  }
}

resource "aws_ssoadmin_application" "app" {
  name                     = "app"
  description              = var.description
  application_provider_arn = "arn:aws:sso::aws:applicationProvider/custom"
  instance_arn             = local.instance
  portal_options {
    visibility = "ENABLED"
    sign_in_options {
      application_url = "https://app.example.com"
      origin          = "APPLICATION"
    }
  }
  tags = { stage = var.description }
}

resource "aws_ssoadmin_application_assignment" "app" {
  application_arn = aws_ssoadmin_application.app.application_arn
  principal_id    = var.group
  principal_type  = "GROUP"
}

resource "aws_ssoadmin_application_assignment_configuration" "app" {
  application_arn     = aws_ssoadmin_application.app.application_arn
  assignment_required = true
}

resource "aws_ssoadmin_application_access_scope" "app" {
  application_arn    = aws_ssoadmin_application.app.application_arn
  authorized_targets = [local.instance]
  scope              = "sso:account:access"
}

resource "aws_ssoadmin_trusted_token_issuer" "issuer" {
  name                      = "issuer"
  instance_arn              = local.instance
  trusted_token_issuer_type = "OIDC_JWT"
  trusted_token_issuer_configuration {
    oidc_jwt_configuration {
      claim_attribute_path          = "email"
      identity_store_attribute_path = "emails.value"
      issuer_url                    = "https://issuer.example.com"
      jwks_retrieval_option         = "OPEN_ID_DISCOVERY"
    }
  }
}

data "aws_ssoadmin_permission_set" "reader" {
  instance_arn = local.instance
  name         = aws_ssoadmin_permission_set.reader.name
}

output "duration" {
  value = data.aws_ssoadmin_permission_set.reader.session_duration
}
