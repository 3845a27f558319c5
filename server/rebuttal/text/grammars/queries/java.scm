; definitions
(class_declaration name: (identifier) @name) @class
(record_declaration name: (identifier) @name) @class
(interface_declaration name: (identifier) @name) @interface
(annotation_type_declaration name: (identifier) @name) @interface
(enum_declaration name: (identifier) @name) @enum
(enum_constant name: (identifier) @name) @field
(method_declaration name: (identifier) @name) @method
(constructor_declaration name: (identifier) @name) @method
(compact_constructor_declaration name: (identifier) @name) @method
(annotation_type_element_declaration name: (identifier) @name) @method
(record_declaration parameters: (formal_parameters (formal_parameter name: (identifier) @name) @field))
(field_declaration declarator: (variable_declarator name: (identifier) @name)) @field
(constant_declaration declarator: (variable_declarator name: (identifier) @name)) @field
(superclass (_) @base) @heritage
(super_interfaces (type_list (_) @base)) @heritage
(extends_interfaces (type_list (_) @base)) @heritage
; uses
(method_invocation !object name: (identifier) @call arguments: (_) @arguments) @whole
(method_invocation object: (_) @receiver name: (identifier) @call arguments: (_) @arguments) @whole
(object_creation_expression type: (type_identifier) @call arguments: (_) @arguments) @whole
(object_creation_expression type: (generic_type . (type_identifier) @call) arguments: (_) @arguments) @whole
(object_creation_expression type: (scoped_type_identifier (_) @receiver . (type_identifier) @call)
  arguments: (_) @arguments) @whole
(explicit_constructor_invocation constructor: _ @call arguments: (_) @arguments) @whole
(field_access object: (_) @receiver field: (identifier) @attribute)
(method_reference . (_) @receiver (identifier) @attribute .)
(scoped_type_identifier (_) @receiver . (type_identifier) @attribute)
(class_declaration name: (_) @skip)
(record_declaration name: (_) @skip)
(interface_declaration name: (_) @skip)
(annotation_type_declaration name: (_) @skip)
(annotation_type_element_declaration name: (_) @skip)
(enum_declaration name: (_) @skip)
(enum_constant name: (_) @skip)
(method_declaration name: (_) @skip)
(constructor_declaration name: (_) @skip)
(compact_constructor_declaration name: (_) @skip)
(variable_declarator name: (_) @skip)
(formal_parameter name: (_) @skip)
(catch_formal_parameter name: (_) @skip)
(enhanced_for_statement name: (_) @skip)
(type_parameter (type_identifier) @skip)
(element_value_pair key: (_) @skip)
(import_declaration) @skip
(package_declaration) @skip
[(identifier) (type_identifier)] @use
; imports
(import_declaration) @import
