; definitions
(_ declarator: [(identifier) (field_identifier) (type_identifier)] @name) @declarator
(struct_specifier name: (type_identifier) @name body: (_)) @class
(union_specifier name: (type_identifier) @name body: (_)) @class
(enum_specifier name: (type_identifier) @name body: (_)) @enum
(enumerator name: (identifier) @name) @constant
(preproc_def name: (identifier) @name value: (_)) @constant
(preproc_function_def name: (identifier) @name parameters: (_) @parameters) @function
; uses
(call_expression function: (identifier) @call arguments: (_) @arguments) @whole
(call_expression function: (field_expression argument: (_) @receiver field: (field_identifier) @call)
  arguments: (_) @arguments) @whole
(field_expression argument: (_) @receiver field: (field_identifier) @attribute)
(struct_specifier name: (_) @skip body: (_))
(union_specifier name: (_) @skip body: (_))
(enum_specifier name: (_) @skip body: (_))
(enumerator name: (_) @skip)
(preproc_def name: (_) @skip)
(preproc_function_def name: (_) @skip)
(preproc_include) @skip
(preproc_params (identifier) @skip)
(_ declarator: [(identifier) (field_identifier) (type_identifier)] @skip)
(statement_identifier) @skip
[(identifier) (type_identifier) (field_identifier)] @use
; imports
(preproc_include path: (_) @module) @import
