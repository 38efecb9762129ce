"""Full screens and dialogs, each made when first asked for."""
