# Access points of a bucket behind the gateway, with a policy inside and beside them.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  s3_use_path_style = true
}

variable "description" { type = string }

data "aws_caller_identity" "me" {}

locals {
  root = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:root"
}

resource "aws_s3_bucket" "b" {
  bucket = "terraform-points"
}

resource "aws_s3_access_point" "reports" {
  bucket = aws_s3_bucket.b.id
  name   = "terraform-reports"

  public_access_block_configuration {
    block_public_acls       = true
    block_public_policy     = true
    ignore_public_acls      = false
    restrict_public_buckets = false
  }

  lifecycle {
    ignore_changes = [policy]
  }
}

resource "aws_s3control_access_point_policy" "reports" {
  access_point_arn = aws_s3_access_point.reports.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = var.description
      Effect    = "Allow"
      Principal = { AWS = local.root }
      Action    = "s3:GetObject"
      Resource  = "${aws_s3_access_point.reports.arn}/object/*"
    }]
  })
}

resource "aws_s3_access_point" "inside" {
  bucket = aws_s3_bucket.b.id
  name   = "terraform-inside"
  vpc_configuration { vpc_id = "vpc-1a2b3c4d" }
}

resource "aws_s3_object" "o" {
  bucket  = aws_s3_access_point.reports.alias
  key     = "k"
  content = var.description
}

output "alias" { value = aws_s3_access_point.reports.alias }
output "inside" { value = aws_s3_access_point.inside.network_origin }
