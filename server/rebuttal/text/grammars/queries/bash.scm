; definitions
(function_definition name: (word) @name) @function
(program (variable_assignment name: (variable_name) @name) @variable)
(program (declaration_command (variable_assignment name: (variable_name) @name)) @variable)
; uses
(command name: (command_name . (word) @call .)) @arguments @whole
(function_definition name: (_) @skip)
(variable_assignment name: (_) @skip)
(variable_name) @use
; imports
((command name: (command_name (word) @how) . argument: (_) @module) @import (#any-of? @how "source" "."))
