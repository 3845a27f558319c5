; definitions
(class_declaration name: (identifier) @name) @class
(object_declaration name: (identifier) @name) @class
(function_declaration name: (identifier) @name) @function
(type_alias type: (identifier) @name) @type
(enum_entry (identifier) @name) @field
(class_body (property_declaration (variable_declaration (identifier) @name)) @field)
(enum_class_body (property_declaration (variable_declaration (identifier) @name)) @field)
(source_file (property_declaration "val" (variable_declaration (identifier) @name)) @constant)
(source_file (property_declaration "var" (variable_declaration (identifier) @name)) @variable)
(class_parameter ["val" "var"] . (identifier) @name) @field
(delegation_specifiers (delegation_specifier [
  (constructor_invocation (user_type) @base) (explicit_delegation (user_type) @base) (user_type) @base])) @heritage
; uses
(call_expression . (identifier) @call [(value_arguments) (annotated_lambda)] @arguments .) @whole
(call_expression . (navigation_expression (_) @receiver . (identifier) @call)
  [(value_arguments) (annotated_lambda)] @arguments .) @whole
(constructor_invocation (user_type (identifier) @call .) (value_arguments) @arguments) @whole
(navigation_expression (_) @receiver . (identifier) @attribute)
(user_type (identifier) @receiver . (identifier) @attribute)
(class_declaration name: (_) @skip)
(object_declaration name: (_) @skip)
(function_declaration name: (_) @skip)
(type_alias type: (_) @skip)
(enum_entry (identifier) @skip)
(variable_declaration (identifier) @skip)
(class_parameter (identifier) @skip . ":")
(parameter (identifier) @skip . ":")
(type_parameter (identifier) @skip)
(value_argument (identifier) @skip "=")
(import) @skip
(package_header) @skip
(identifier) @use
; imports
(import) @import
