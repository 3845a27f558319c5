"""`python -m bench.cost`: the case studies alone."""

from bench.cost import section

print(section())
