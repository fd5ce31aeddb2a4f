"""Who may do what: the request context, the policies that apply, the decision, and the sentence of a denial."""
