# Resources that own all the policies of an identity, or all the identities of a policy.

resource "aws_iam_user" "owned" {
  name = "owned"
}

resource "aws_iam_group" "owned" {
  name = "owned"
}

resource "aws_iam_role" "owned" {
  name               = "owned"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_user_policy" "owned" {
  name   = "owned"
  user   = aws_iam_user.owned.name
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_iam_group_policy" "owned" {
  name   = "owned"
  group  = aws_iam_group.owned.name
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_iam_role_policy" "owned" {
  name   = "owned"
  role   = aws_iam_role.owned.name
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_iam_user_policies_exclusive" "owned" {
  user_name    = aws_iam_user.owned.name
  policy_names = [aws_iam_user_policy.owned.name]
}

resource "aws_iam_group_policies_exclusive" "owned" {
  group_name   = aws_iam_group.owned.name
  policy_names = [aws_iam_group_policy.owned.name]
}

resource "aws_iam_role_policies_exclusive" "owned" {
  role_name    = aws_iam_role.owned.name
  policy_names = [aws_iam_role_policy.owned.name]
}

resource "aws_iam_policy" "shared" {
  name   = "shared"
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_iam_policy_attachment" "shared" {
  name       = "shared"
  policy_arn = aws_iam_policy.shared.arn
  users      = [aws_iam_user.owned.name]
  groups     = [aws_iam_group.owned.name]
  roles      = [aws_iam_role.owned.name]
}

resource "aws_iam_user_policy_attachments_exclusive" "owned" {
  user_name   = aws_iam_user.owned.name
  policy_arns = [aws_iam_policy.shared.arn]
  depends_on  = [aws_iam_policy_attachment.shared]
}

resource "aws_iam_group_policy_attachments_exclusive" "owned" {
  group_name  = aws_iam_group.owned.name
  policy_arns = [aws_iam_policy.shared.arn]
  depends_on  = [aws_iam_policy_attachment.shared]
}

resource "aws_iam_role_policy_attachments_exclusive" "owned" {
  role_name   = aws_iam_role.owned.name
  policy_arns = [aws_iam_policy.shared.arn]
  depends_on  = [aws_iam_policy_attachment.shared]
}
