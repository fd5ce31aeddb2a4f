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

variable "store" {
  type = string
}

variable "title" {
  type    = string
  default = null
}

resource "aws_identitystore_user" "ann" {
  identity_store_id  = var.store
  user_name          = "ann"
  display_name       = "Ann Doe"
  nickname           = "an"
  title              = var.title
  preferred_language = "de"
  locale             = "de-AT"
  timezone           = "Europe/Vienna"
  user_type          = "Human"
  profile_url        = "https://example.com/ann"

  name {
    given_name  = "Ann"
    family_name = "Doe"
    middle_name = var.title
  }

  emails {
    value   = "ann@example.com"
    type    = "work"
    primary = true
  }

  phone_numbers {
    value = "+1 555"
  }

  addresses {
    country        = "Austria"
    street_address = "1 Road"
  }
}

resource "aws_identitystore_user" "plain" {
  identity_store_id = var.store
  user_name         = "plain"
  display_name      = "Plain"

  name {
    given_name  = "Plain"
    family_name = "Doe"
  }
}

resource "aws_identitystore_group" "admins" {
  identity_store_id = var.store
  display_name      = "Admins"
  description       = "may do ${coalesce(var.title, "little")}"
}

resource "aws_identitystore_group_membership" "ann" {
  identity_store_id = var.store
  group_id          = aws_identitystore_group.admins.group_id
  member_id         = aws_identitystore_user.ann.user_id
}

data "aws_identitystore_user" "by_name" {
  identity_store_id = var.store

  alternate_identifier {
    unique_attribute {
      attribute_path  = "UserName"
      attribute_value = aws_identitystore_user.ann.user_name
    }
  }
}

data "aws_identitystore_group" "by_name" {
  identity_store_id = var.store

  alternate_identifier {
    unique_attribute {
      attribute_path  = "DisplayName"
      attribute_value = aws_identitystore_group.admins.display_name
    }
  }
}

data "aws_identitystore_users" "all" {
  identity_store_id = var.store
  depends_on        = [aws_identitystore_user.ann, aws_identitystore_user.plain]
}

data "aws_identitystore_groups" "all" {
  identity_store_id = var.store
  depends_on        = [aws_identitystore_group.admins]
}

data "aws_identitystore_group_memberships" "admins" {
  identity_store_id = var.store
  group_id          = aws_identitystore_group.admins.group_id
  depends_on        = [aws_identitystore_group_membership.ann]
}

output "found" {
  value = [
    data.aws_identitystore_user.by_name.user_id == aws_identitystore_user.ann.user_id,
    data.aws_identitystore_group.by_name.group_id == aws_identitystore_group.admins.group_id,
  ]
}

output "counts" {
  value = [
    length(data.aws_identitystore_users.all.users),
    length(data.aws_identitystore_groups.all.groups),
    length(data.aws_identitystore_group_memberships.admins.group_memberships),
  ]
}
