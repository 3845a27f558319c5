; definitions
(_ declarator: [(qualified_identifier) (destructor_name) (operator_name) (template_function)] @name) @declarator
(_ [(reference_declarator) (structured_binding_declarator)] @declarator)
(function_definition declarator: (operator_cast) @name) @declarator
(field_declaration declarator: (operator_cast) @name) @declarator
(class_specifier name: (_) @name body: (_)) @class
(struct_specifier name: [(template_type) (qualified_identifier)] @name body: (_)) @class
(namespace_definition name: (_) @name) @namespace
(alias_declaration name: (type_identifier) @name) @type
(concept_definition name: (identifier) @name) @type
(base_class_clause [(type_identifier) (qualified_identifier) (template_type)] @base) @heritage
; uses
(call_expression function: (qualified_identifier scope: (_) @receiver name: (identifier) @call)
  arguments: (_) @arguments) @whole
(call_expression function: (qualified_identifier scope: (_) @receiver name: (template_function name: (_) @call))
  arguments: (_) @arguments) @whole
(call_expression function: (template_function name: (identifier) @call) arguments: (_) @arguments) @whole
(call_expression function: (field_expression argument: (_) @receiver field: (template_method name: (_) @call))
  arguments: (_) @arguments) @whole
(new_expression type: (type_identifier) @call arguments: (_) @arguments) @whole
(compound_literal_expression type: (type_identifier) @call value: (_) @arguments) @whole
(qualified_identifier scope: (_) @receiver name: [(identifier) (type_identifier)] @attribute)
(class_specifier name: (_) @skip body: (_))
(namespace_definition name: (_) @skip)
(alias_declaration name: (_) @skip)
(concept_definition name: (_) @skip)
(type_parameter_declaration (type_identifier) @skip)
(function_declarator declarator: [(qualified_identifier name: (_) @skip) (destructor_name) @skip (operator_name) @skip])
(reference_declarator (identifier) @skip)
(namespace_identifier) @use
; imports
