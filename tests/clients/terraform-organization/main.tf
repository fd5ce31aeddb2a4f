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

variable "unit" {
  type = string
}

data "aws_caller_identity" "current" {}

resource "aws_organizations_organization" "this" {
  feature_set                   = "ALL"
  aws_service_access_principals = ["iam.amazonaws.com", "config.amazonaws.com"]
  enabled_policy_types          = ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY", "TAG_POLICY"]
}

resource "aws_iam_organizations_features" "root" {
  enabled_features = ["RootCredentialsManagement", "RootSessions"]
  depends_on       = [aws_organizations_organization.this]
}

resource "aws_organizations_organizational_unit" "workloads" {
  name      = var.unit
  parent_id = aws_organizations_organization.this.roots[0].id
  tags      = { stage = var.description }
}

resource "aws_organizations_organizational_unit" "production" {
  name      = "production"
  parent_id = aws_organizations_organizational_unit.workloads.id
}

resource "aws_organizations_account" "shop" {
  name      = "shop"
  email     = "shop@example.com"
  parent_id = aws_organizations_organizational_unit.production.id
  role_name = "Administrator"
  tags      = { team = var.description }

  # What AWS tells nobody afterwards.
  lifecycle {
    ignore_changes = [role_name]
  }
}

resource "aws_organizations_policy" "regions" {
  name        = "regions"
  description = var.description
  type        = "SERVICE_CONTROL_POLICY"
  content = jsonencode({
    Version = "2012-10-17"
    Statement = {
      Sid       = "OnlyFrankfurt"
      Effect    = "Deny"
      NotAction = ["iam:*", "organizations:*", "sts:*"]
      Resource  = "*"
      Condition = { StringNotEquals = { "aws:RequestedRegion" = "eu-central-1" } }
    }
  })
  tags       = { team = var.description }
  depends_on = [aws_organizations_organization.this]
}

resource "aws_organizations_policy" "perimeter" {
  name = "perimeter"
  type = "RESOURCE_CONTROL_POLICY"
  content = jsonencode({
    Version = "2012-10-17"
    Statement = {
      Effect    = "Deny"
      Principal = "*"
      Action    = "sts:AssumeRole"
      Resource  = "*"
      Condition = { StringNotEqualsIfExists = { "aws:PrincipalOrgID" = aws_organizations_organization.this.id } }
    }
  })
}

resource "aws_organizations_policy" "tags" {
  name    = "tags"
  type    = "TAG_POLICY"
  content = jsonencode({ tags = { team = { tag_key = { "@@assign" = "team" } } } })

  depends_on = [aws_organizations_organization.this]
}

resource "aws_organizations_policy_attachment" "root" {
  policy_id = aws_organizations_policy.perimeter.id
  target_id = aws_organizations_organization.this.roots[0].id
}

resource "aws_organizations_policy_attachment" "unit" {
  policy_id = aws_organizations_policy.regions.id
  target_id = aws_organizations_organizational_unit.workloads.id
}

resource "aws_organizations_policy_attachment" "account" {
  policy_id = aws_organizations_policy.tags.id
  target_id = aws_organizations_account.shop.id
}

resource "aws_organizations_delegated_administrator" "config" {
  account_id        = aws_organizations_account.shop.id
  service_principal = "config.amazonaws.com"
}

resource "aws_organizations_resource_policy" "this" {
  content = jsonencode({
    Version = "2012-10-17"
    Statement = {
      Sid       = "Read"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${aws_organizations_account.shop.id}:root" }
      Action    = ["organizations:DescribePolicy", "organizations:ListPolicies"]
      Resource  = "*"
    }
  })
  tags = { team = var.description }
}

data "aws_organizations_organization" "this" {
  depends_on = [aws_organizations_account.shop]
}

data "aws_organizations_organizational_unit" "production" {
  parent_id = aws_organizations_organizational_unit.production.parent_id
  name      = aws_organizations_organizational_unit.production.name
}

data "aws_organizations_organizational_units" "top" {
  parent_id  = aws_organizations_organization.this.roots[0].id
  depends_on = [aws_organizations_organizational_unit.workloads]
}

data "aws_organizations_organizational_unit_child_accounts" "production" {
  parent_id  = aws_organizations_organizational_unit.production.id
  depends_on = [aws_organizations_account.shop]
}

data "aws_organizations_organizational_unit_descendant_accounts" "all" {
  parent_id  = aws_organizations_organization.this.roots[0].id
  depends_on = [aws_organizations_account.shop]
}

data "aws_organizations_organizational_unit_descendant_organizational_units" "all" {
  parent_id  = aws_organizations_organization.this.roots[0].id
  depends_on = [aws_organizations_organizational_unit.workloads, aws_organizations_organizational_unit.production]
}

data "aws_organizations_policies" "scps" {
  filter     = "SERVICE_CONTROL_POLICY"
  depends_on = [aws_organizations_policy.regions]
}

data "aws_organizations_policies_for_target" "unit" {
  target_id  = aws_organizations_organizational_unit.workloads.id
  filter     = "SERVICE_CONTROL_POLICY"
  depends_on = [aws_organizations_policy_attachment.unit]
}

data "aws_organizations_policy" "full_access" {
  policy_id  = "p-FullAWSAccess"
  depends_on = [aws_organizations_organization.this]
}

data "aws_organizations_resource_tags" "shop" {
  resource_id = aws_organizations_account.shop.id
}

data "aws_organizations_delegated_administrators" "config" {
  service_principal = "config.amazonaws.com"
  depends_on        = [aws_organizations_delegated_administrator.config]
}

data "aws_organizations_delegated_services" "shop" {
  account_id = aws_organizations_delegated_administrator.config.account_id
}

output "management" {
  value = data.aws_organizations_organization.this.master_account_id
}

output "accounts" {
  value = sort(data.aws_organizations_organizational_unit_descendant_accounts.all.accounts[*].name)
}

output "in_production" {
  value = data.aws_organizations_organizational_unit_child_accounts.production.accounts[*].name
}

output "units" {
  value = sort(data.aws_organizations_organizational_unit_descendant_organizational_units.all.children[*].name)
}

output "scps" {
  value = sort(data.aws_organizations_policies.scps.ids)
}

output "of_unit" {
  value = length(data.aws_organizations_policies_for_target.unit.ids)
}

output "full_access" {
  value = data.aws_organizations_policy.full_access.aws_managed
}

output "tags" {
  value = data.aws_organizations_resource_tags.shop.tags
}

output "delegated" {
  value = data.aws_organizations_delegated_services.shop.delegated_services[*].service_principal
}

output "shop" {
  value = aws_organizations_account.shop.id
}
