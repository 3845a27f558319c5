; definitions
(class_declaration name: (name) @name) @class
(interface_declaration name: (name) @name) @interface
(trait_declaration name: (name) @name) @class
(enum_declaration name: (name) @name) @enum
(enum_case name: (name) @name) @field
(function_definition name: (name) @name) @function
(method_declaration name: (name) @name) @method
(property_declaration (property_element name: (variable_name (name) @name))) @field
(class_declaration name: (name) @owner body: (declaration_list (method_declaration
  parameters: (formal_parameters (property_promotion_parameter name: (variable_name (name) @name)) @field))))
(declaration_list (const_declaration (const_element . (name) @name)) @field)
(program (const_declaration (const_element . (name) @name)) @constant)
(base_clause (_) @base) @heritage
(class_interface_clause (_) @base) @heritage
(class_declaration body: (declaration_list (use_declaration [(name) (qualified_name)] @base))) @heir
(trait_declaration body: (declaration_list (use_declaration [(name) (qualified_name)] @base))) @heir
; uses
(function_call_expression function: (name) @call arguments: (_) @arguments) @whole
(function_call_expression function: (qualified_name (name) @call) arguments: (_) @arguments) @whole
(member_call_expression object: (_) @receiver name: (name) @call arguments: (_) @arguments) @whole
(nullsafe_member_call_expression object: (_) @receiver name: (name) @call arguments: (_) @arguments) @whole
(scoped_call_expression scope: (_) @receiver name: (name) @call arguments: (_) @arguments) @whole
(object_creation_expression (name) @call (arguments) @arguments) @whole
(object_creation_expression (qualified_name (name) @call) (arguments) @arguments) @whole
(member_access_expression object: (_) @receiver name: (name) @attribute)
(nullsafe_member_access_expression object: (_) @receiver name: (name) @attribute)
(class_constant_access_expression . (_) @receiver (name) @attribute)
(scoped_property_access_expression scope: (_) @receiver name: (variable_name (name) @attribute))
(class_declaration name: (_) @skip)
(interface_declaration name: (_) @skip)
(trait_declaration name: (_) @skip)
(enum_declaration name: (_) @skip)
(enum_case name: (_) @skip)
(function_definition name: (_) @skip)
(method_declaration name: (_) @skip)
(property_element name: (_) @skip)
(const_element . (name) @skip)
(simple_parameter name: (_) @skip)
(variadic_parameter name: (_) @skip)
(property_promotion_parameter name: (_) @skip)
(argument name: (_) @skip)
(namespace_use_declaration) @skip
(namespace_definition name: (_) @skip)
(name) @use
; imports
(namespace_use_declaration) @import
[(require_expression (_) @module) (require_once_expression (_) @module)
 (include_expression (_) @module) (include_once_expression (_) @module)] @import
