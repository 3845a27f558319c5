; definitions
(function_item name: (identifier) @name) @function
(function_signature_item name: (identifier) @name) @function
(impl_item body: (declaration_list (const_item name: (identifier) @name) @field))
(struct_item name: (type_identifier) @name) @class
(union_item name: (type_identifier) @name) @class
(enum_item name: (type_identifier) @name) @enum
(trait_item name: (type_identifier) @name) @interface
(type_item name: (type_identifier) @name) @type
(associated_type name: (type_identifier) @name) @type
(mod_item name: (identifier) @name body: (_)) @namespace
(macro_definition name: (identifier) @name) @function
(source_file (const_item name: (identifier) @name) @constant)
(source_file (static_item name: (identifier) @name) @variable)
(mod_item body: (declaration_list (const_item name: (identifier) @name) @constant))
(mod_item body: (declaration_list (static_item name: (identifier) @name) @variable))
(trait_item body: (declaration_list (const_item name: (identifier) @name) @field))
(field_declaration name: (field_identifier) @name) @field
(enum_variant name: (identifier) @name) @field
(impl_item trait: (_) @base type: (_) @heir_name)
(trait_item bounds: (trait_bounds [(type_identifier) (scoped_type_identifier) (generic_type)] @base)) @heir
; uses
(call_expression function: (identifier) @call arguments: (_) @arguments) @whole
(call_expression function: (field_expression value: (_) @receiver field: (field_identifier) @call)
  arguments: (_) @arguments) @whole
(call_expression function: (scoped_identifier path: (_) @receiver name: (identifier) @call)
  arguments: (_) @arguments) @whole
(call_expression function: (generic_function function: (identifier) @call) arguments: (_) @arguments) @whole
(call_expression function: (generic_function function: (field_expression value: (_) @receiver
  field: (field_identifier) @call)) arguments: (_) @arguments) @whole
(call_expression function: (generic_function function: (scoped_identifier path: (_) @receiver
  name: (identifier) @call)) arguments: (_) @arguments) @whole
(macro_invocation macro: (identifier) @call (token_tree) @arguments) @whole
(macro_invocation macro: (scoped_identifier path: (_) @receiver name: (identifier) @call)
  (token_tree) @arguments) @whole
(token_tree) @tokens
(field_expression value: (_) @receiver field: (field_identifier) @attribute)
(scoped_identifier path: (_) @receiver name: (identifier) @attribute)
(scoped_type_identifier path: (_) @receiver name: (type_identifier) @attribute)
(function_item name: (_) @skip)
(function_signature_item name: (_) @skip)
(struct_item name: (_) @skip)
(union_item name: (_) @skip)
(enum_item name: (_) @skip)
(enum_variant name: (_) @skip)
(trait_item name: (_) @skip)
(type_item name: (_) @skip)
(associated_type name: (_) @skip)
(mod_item name: (_) @skip)
(macro_definition name: (_) @skip)
(const_item name: (_) @skip)
(static_item name: (_) @skip)
(field_declaration name: (_) @skip)
(parameter pattern: (identifier) @skip)
(type_parameter name: (_) @skip)
(lifetime) @skip
(use_declaration) @skip
(extern_crate_declaration) @skip
[(identifier) (type_identifier) (field_identifier) (shorthand_field_identifier)] @use
; imports
(use_declaration) @import
(extern_crate_declaration) @import
(mod_item !body) @import
