; definitions
(class_declaration name: (identifier) @name) @class
(struct_declaration name: (identifier) @name) @class
(record_declaration name: (identifier) @name) @class
(interface_declaration name: (identifier) @name) @interface
(enum_declaration name: (identifier) @name) @enum
(enum_member_declaration name: (identifier) @name) @field
(record_declaration (parameter_list (parameter name: (identifier) @name) @field))
(delegate_declaration name: (identifier) @name) @type
(method_declaration name: (identifier) @name) @method
(constructor_declaration name: (identifier) @name) @method
(destructor_declaration name: (identifier) @name) @method
(operator_declaration operator: _ @name) @method
(local_function_statement name: (identifier) @name) @function
(property_declaration name: (identifier) @name) @field
(indexer_declaration "this" @name) @field
(event_declaration name: (identifier) @name) @field
(field_declaration (variable_declaration (variable_declarator name: (identifier) @name))) @field
(event_field_declaration (variable_declaration (variable_declarator name: (identifier) @name))) @field
(base_list [(identifier) (qualified_name) (generic_name)] @base) @heritage
; uses
(invocation_expression function: (identifier) @call arguments: (_) @arguments) @whole
(invocation_expression function: (generic_name . (identifier) @call) arguments: (_) @arguments) @whole
(invocation_expression function: (member_access_expression expression: _ @receiver name: (identifier) @call)
  arguments: (_) @arguments) @whole
(invocation_expression function: (member_access_expression expression: _ @receiver
  name: (generic_name . (identifier) @call)) arguments: (_) @arguments) @whole
(invocation_expression function: (conditional_access_expression condition: (_) @receiver
  (member_binding_expression name: (identifier) @call)) arguments: (_) @arguments) @whole
(object_creation_expression type: (identifier) @call arguments: (_) @arguments) @whole
(object_creation_expression type: (generic_name . (identifier) @call) arguments: (_) @arguments) @whole
(object_creation_expression type: (qualified_name qualifier: (_) @receiver name: (identifier) @call)
  arguments: (_) @arguments) @whole
(constructor_initializer ["this" "base"] @call (argument_list) @arguments) @whole
(member_access_expression expression: _ @receiver name: (identifier) @attribute)
(member_access_expression expression: _ @receiver name: (generic_name . (identifier) @attribute))
(conditional_access_expression condition: (_) @receiver (member_binding_expression name: (identifier) @attribute))
(qualified_name qualifier: (_) @receiver name: (identifier) @attribute)
(class_declaration name: (_) @skip)
(struct_declaration name: (_) @skip)
(record_declaration name: (_) @skip)
(interface_declaration name: (_) @skip)
(enum_declaration name: (_) @skip)
(enum_member_declaration name: (_) @skip)
(delegate_declaration name: (_) @skip)
(method_declaration name: (_) @skip)
(constructor_declaration name: (_) @skip)
(destructor_declaration name: (_) @skip)
(local_function_statement name: (_) @skip)
(property_declaration name: (_) @skip)
(event_declaration name: (_) @skip)
(variable_declarator name: (_) @skip)
(parameter name: (_) @skip)
(parameter_list name: (_) @skip)
(type_parameter name: (_) @skip)
(argument name: (_) @skip)
(using_directive) @skip
(namespace_declaration name: (_) @skip)
(file_scoped_namespace_declaration name: (_) @skip)
(identifier) @use
; imports
(using_directive) @import
