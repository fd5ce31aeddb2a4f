"""Who may do what: request context, the policies that apply, the decision, its sentence, its audit."""
