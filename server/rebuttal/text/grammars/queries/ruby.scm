; definitions
(class name: (_) @name) @class
(module name: (_) @name) @namespace
(program (method name: (_) @name) @function)
(method name: (_) @name) @method
(singleton_method name: (_) @name) @method
(alias name: (identifier) @name) @method
(program (assignment left: (constant) @name) @constant)
(class body: (body_statement (assignment left: (constant) @name) @constant))
(module body: (body_statement (assignment left: (constant) @name) @constant))
(class superclass: (superclass (_) @base)) @heir
(class body: (body_statement (call !receiver method: (identifier) @_mixin arguments: (argument_list
  [(constant) (scope_resolution)] @base)) (#any-of? @_mixin "include" "extend" "prepend"))) @heir
((call !receiver method: (identifier) @_accessor arguments: (argument_list (simple_symbol) @name)) @field
  (#any-of? @_accessor "attr_reader" "attr_writer" "attr_accessor"))
((call !receiver method: (identifier) @_define arguments: (argument_list . (simple_symbol) @name)) @method
  (#any-of? @_define "define_method" "alias_method"))
; uses
(call !receiver method: (_) @call arguments: (_) @arguments) @whole
(call !receiver method: (_) @call !arguments) @whole
(call receiver: (_) @receiver method: (_) @call arguments: (_) @arguments) @whole
(call receiver: (_) @receiver method: (_) @call !arguments) @whole
(scope_resolution scope: (_) @receiver name: (_) @attribute)
(class name: [(constant) @skip (scope_resolution name: (_) @skip)])
(module name: [(constant) @skip (scope_resolution name: (_) @skip)])
(method name: (_) @skip)
(singleton_method name: (_) @skip)
(method_parameters [(identifier) @skip (_ name: (identifier) @skip)])
(block_parameters [(identifier) @skip (_ name: (identifier) @skip)])
[(identifier) (constant)] @use
; imports
((call !receiver method: (identifier) @how arguments: (argument_list . (string) @module .)) @import
  (#any-of? @how "require" "require_relative" "load"))
