"""`python -m rebuttal.worker`: serves reviews to the language server over a pipe.

The language server's process stays light (no git, no parser, no SDK), so that a hover is answered while a
review runs; all that costs CPU or memory lives here and can be killed without losing the editor's state.

JSON lines both ways. In: `review`, `estimate`, `payload`, `ask_again`, `doctor`, `cancel`, `answer`, `dismiss`,
`restore`, `saved`, `renamed`, `cost_report`, `shutdown`. Out: events with the request's `id`, exactly one of `done`,
`cancelled`, `failed` for each. A line that is no request is left out. The pipe's end means that the editor is gone:
everything is cancelled and the process ends.
"""
