"""What each language's grammar calls its parts: one module a language, all giving the same drafts."""
