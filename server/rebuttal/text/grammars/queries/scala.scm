; definitions
(class_definition name: (identifier) @name) @class
(object_definition name: (identifier) @name) @class
(package_object name: (identifier) @name) @class
(trait_definition name: (identifier) @name) @interface
(enum_definition name: (identifier) @name) @enum
(simple_enum_case name: (identifier) @name) @field
(full_enum_case name: (identifier) @name) @field
(function_definition name: (_) @name) @function
(function_declaration name: (_) @name) @function
(type_definition name: (type_identifier) @name) @type
(given_definition name: (identifier) @name) @variable
(class_parameter ["val" "var"] name: (identifier) @name) @field
(class_definition "case" class_parameters: (class_parameters (class_parameter name: (identifier) @name) @field))
(template_body [(val_definition pattern: (identifier) @name) (var_definition pattern: (identifier) @name)
  (val_declaration name: (identifier) @name) (var_declaration name: (identifier) @name)] @field)
(compilation_unit (val_definition pattern: (identifier) @name) @constant)
(compilation_unit (var_definition pattern: (identifier) @name) @variable)
(extends_clause [(type_identifier) (generic_type) (stable_type_identifier)] @base) @heritage
; uses
(call_expression function: (identifier) @call arguments: (_) @arguments) @whole
(call_expression function: (field_expression value: (_) @receiver field: (identifier) @call)
  arguments: (_) @arguments) @whole
(call_expression function: (generic_function function: (identifier) @call) arguments: (_) @arguments) @whole
(call_expression function: (generic_function function: (field_expression value: (_) @receiver
  field: (identifier) @call)) arguments: (_) @arguments) @whole
(instance_expression (type_identifier) @call arguments: (_) @arguments) @whole
(instance_expression (generic_type type: (type_identifier) @call) arguments: (_) @arguments) @whole
(infix_expression left: (_) @receiver operator: (identifier) @attribute)
(field_expression value: (_) @receiver field: (identifier) @attribute)
(stable_type_identifier (_) @receiver . (type_identifier) @attribute)
(class_definition name: (_) @skip)
(object_definition name: (_) @skip)
(trait_definition name: (_) @skip)
(enum_definition name: (_) @skip)
(simple_enum_case name: (_) @skip)
(full_enum_case name: (_) @skip)
(function_definition name: (_) @skip)
(function_declaration name: (_) @skip)
(type_definition name: (_) @skip)
(given_definition name: (_) @skip)
(val_definition pattern: (identifier) @skip)
(var_definition pattern: (identifier) @skip)
(parameter name: (_) @skip)
(class_parameter name: (_) @skip)
(type_parameters name: (_) @skip)
(import_declaration) @skip
(export_declaration) @skip
(package_clause name: (_) @skip)
[(identifier) (type_identifier)] @use
; imports
(import_declaration) @import
(export_declaration) @import
