"""Java, C# and PHP: types that have names in packages, members with overloads, and hierarchies."""
