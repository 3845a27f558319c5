; definitions
(class_declaration declaration_kind: ["class" "struct" "actor"] name: (type_identifier) @name) @class
(class_declaration declaration_kind: "enum" name: (type_identifier) @name) @enum
(protocol_declaration name: (type_identifier) @name) @interface
(typealias_declaration name: (type_identifier) @name) @type
(associatedtype_declaration name: (type_identifier) @name) @type
(function_declaration name: [(simple_identifier) "==" "<" ">" "<=" ">=" "!=" "+" "-" "*" "/"] @name) @function
(protocol_function_declaration name: [(simple_identifier) "==" "<" ">" "<=" ">=" "!=" "+" "-" "*" "/"] @name) @function
(init_declaration "init" @name) @method
(deinit_declaration "deinit" @name) @method
(subscript_declaration "subscript" @name) @method
(enum_entry name: (simple_identifier) @name) @field
(class_body (property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @field)
(enum_class_body (property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @field)
(protocol_property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @field
(source_file (property_declaration (value_binding_pattern mutability: "let")
  name: (pattern bound_identifier: (simple_identifier) @name)) @constant)
(source_file (property_declaration (value_binding_pattern mutability: "var")
  name: (pattern bound_identifier: (simple_identifier) @name)) @variable)
(class_declaration name: (type_identifier) (inheritance_specifier inherits_from: (_) @base)) @heir
(class_declaration declaration_kind: "extension" name: (_) @heir_name (inheritance_specifier inherits_from: (_) @base))
(protocol_declaration (inheritance_specifier inherits_from: (_) @base)) @heir
; uses
(call_expression . (simple_identifier) @call (call_suffix) @arguments) @whole
(call_expression . (navigation_expression target: (_) @receiver suffix: (navigation_suffix
  suffix: (simple_identifier) @call)) (call_suffix) @arguments) @whole
(constructor_expression constructed_type: (user_type (type_identifier) @call) (constructor_suffix) @arguments) @whole
(navigation_expression target: (_) @receiver suffix: (navigation_suffix suffix: (simple_identifier) @attribute))
(user_type (type_identifier) @receiver . (type_identifier) @attribute)
(class_declaration name: (type_identifier) @skip)
(protocol_declaration name: (_) @skip)
(typealias_declaration name: (type_identifier) @skip)
(associatedtype_declaration name: (type_identifier) @skip)
(function_declaration name: (simple_identifier) @skip)
(protocol_function_declaration name: (simple_identifier) @skip)
(enum_entry name: (_) @skip)
(pattern bound_identifier: (_) @skip)
(parameter name: (simple_identifier) @skip)
(parameter external_name: (_) @skip)
(value_argument_label) @skip
(type_parameter (type_identifier) @skip)
(import_declaration) @skip
[(simple_identifier) (type_identifier)] @use
; imports
(import_declaration) @import
