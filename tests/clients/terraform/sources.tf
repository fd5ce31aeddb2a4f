# The data sources that read what the other files make.

data "aws_iam_account_alias" "current" {
  depends_on = [aws_iam_account_alias.alias]
}

data "aws_iam_group" "staff" {
  group_name = aws_iam_group.staff.name
  depends_on = [aws_iam_group_membership.staff]
}

data "aws_iam_instance_profile" "reader" {
  name = aws_iam_instance_profile.reader.name
}

data "aws_iam_instance_profiles" "reader" {
  role_name  = aws_iam_role.reader.name
  depends_on = [aws_iam_instance_profile.reader]
}

data "aws_iam_roles" "all" {
  name_regex = "^reader$"
  depends_on = [aws_iam_role.reader]
}

data "aws_iam_users" "team" {
  path_prefix = "/team/"
  depends_on  = [aws_iam_user.alice]
}

data "aws_iam_session_context" "current" {
  arn = "arn:aws:sts::${data.aws_caller_identity.current.account_id}:assumed-role/${aws_iam_role.reader.name}/session"
}

data "aws_iam_principal_policy_simulation" "alice" {
  policy_source_arn = aws_iam_user.owned.arn
  action_names      = ["iam:GetUser", "s3:PutObject"]
  context {
    key    = "aws:PrincipalTag/team"
    type   = "string"
    values = ["blue"]
  }
  depends_on = [aws_iam_user_policy.owned, aws_iam_policy_attachment.shared]
}

output "simulated" {
  value = { for each in data.aws_iam_principal_policy_simulation.alice.results : each.action_name => each.decision }
}
