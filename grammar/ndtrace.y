// SPDX-License-Identifier: GPL-2.0-or-later
// The grammar. Actions only call constructors of the tree; no names are looked up and no types known.
// %expect 0 is a promise: a conflict is a defect of the language, never to be silenced.
%code requires {
#include "compiler/front/parse.h"
}

%code provides {
// The names flex expects.
#define YYSTYPE ND_YYSTYPE
#define YYLTYPE ND_YYLTYPE
}

%code {
#include "grammar/ndtrace.lex.h"

#include <string.h>

#define YYLLOC_DEFAULT(cur, rhs, n)                                          \
    do {                                                                     \
        if (n) {                                                             \
            (cur) = nd_span_join(YYRHSLOC(rhs, 1), YYRHSLOC(rhs, n));        \
        } else {                                                             \
            (cur) = YYRHSLOC(rhs, 0);                                        \
            (cur).off += (cur).len;                                          \
            (cur).len = 0;                                                   \
        }                                                                    \
    } while (0)

static void yyerror(struct nd_span *span, void *scanner, struct nd_parse *p, const char *msg);
static struct nd_expr *binary(struct nd_parse *p, enum nd_op op, struct nd_expr *a, struct nd_expr *b);
static struct nd_expr *unary(struct nd_parse *p, enum nd_op op, struct nd_span span, struct nd_expr *a);
static struct nd_expr *ident(struct nd_parse *p, struct nd_span s, const char *name);
static struct nd_expr *map_expr(struct nd_parse *p, struct nd_span s, const char *name, struct nd_expr_list *keys);
static struct nd_expr *deep(struct nd_parse *p, struct nd_expr *e);
static struct nd_expr_list *first(struct nd_parse *p, struct nd_expr *e, const struct nd_expr_list *rest);
static void add_decl(struct nd_parse *p, struct nd_decl *d);

#define A (p->arena)
}

%define api.pure full
%define api.location.type {struct nd_span}
%define api.prefix {nd_yy}
%define parse.error custom
%locations
%expect 0
%parse-param {void *scanner} {struct nd_parse *p}
%lex-param {void *scanner}
%initial-action { @$ = (struct nd_span){p->src, 0, 0}; }

%union {
    struct { const char *s; uint32_t n; } text;
    struct { uint64_t v; enum nd_lit_unit unit; bool is_unsigned; } num;
    double real;
    enum nd_op op;
    struct nd_expr *expr;
    struct nd_expr_list *exprs;
    struct nd_stmt *stmt;
    struct nd_block *block;
    struct nd_decl *decl;
    struct nd_texpr *texpr;
    struct nd_decl_fields *fields;
    struct nd_decl_field field;
    struct nd_named_list *named;
    struct nd_named one_named;
    struct nd_points *points;
    struct nd_point point;
    struct nd_try one_try;
    struct nd_tries *tries;
    struct nd_path_stage path_stage;
    struct nd_path_stages *path_stages;
    struct nd_path_keeps *path_keeps;
    struct nd_ranks *ranks;
    struct nd_columns *columns;
    struct nd_column column;
    uint32_t count;
    struct nd_attrs attrs;
    bool flag;
}

%token <text> T_ID "a name" T_TYPE "a type" T_VAR "$variable" T_MAP "@map" T_MAP_KEYED "@map[" T_STRING "a string"
%token <text> T_PROBE_SPEC "a probe"
%token <num> T_INT "a number" T_PARAM "$1"
%token <real> T_DOUBLE "a decimal number"
%token <text> T_QUALIFIER "volatile" T_ATTR "an attribute" T_ALIGN "alignas" T_TYPEDEF "typedef"
%token <text> T_USE "use" T_OPTION "option" T_CONST "const" T_FN "fn" T_STRUCT "struct" T_UNION "union"
%token <text> T_ENUM "enum" T_EVENT "event" T_LET "let" T_PROBE "probe" T_WHEN "when" T_BEGIN "begin"
%token <text> T_KBEGIN "BEGIN" T_END "end" T_KEND "END" T_EVERY "every" T_ON "on" T_SEND "send" T_IF "if"
%token <text> T_ELSE "else" T_FOR "for" T_WHILE "while" T_UNROLL "unroll" T_BREAK "break"
%token <text> T_CONTINUE "continue" T_RETURN "return" T_IN "in" T_SORTED "sorted" T_BY "by" T_ASC "asc"
%token <text> T_DESC "desc" T_LIMIT "limit" T_SIZEOF "sizeof" T_OFFSETOF "offsetof" T_HAS_FIELD "has_field"
%token <text> T_CONTAINER_OF "container_of" T_REQUIRED "required" T_POSITIONAL "positional" T_STAGE "stage" T_PATH "path" T_TIMEOUT "timeout" T_SAMPLE "sample" T_KEEP "keep" T_TRY "try" T_EACH "each" T_RENAMED "renamed" T_ALIAS "alias" T_TRUE "true"
%token <text> T_FALSE "false" T_TEXT "text"
%token T_ENDPRED "'/' before '{'" T_SHL_SET "<<=" T_SHR_SET ">>=" T_SHL "<<" T_SHR ">>" T_LE "<=" T_GE ">="
%token T_EQ "==" T_NE "!=" T_LAND "&&" T_LOR "||" T_ARROW "->" T_INC "++" T_DEC "--" T_ADD_SET "+="
%token T_SUB_SET "-=" T_MUL_SET "*=" T_DIV_SET "/=" T_MOD_SET "%=" T_AND_SET "&=" T_OR_SET "|="
%token T_XOR_SET "^=" T_DOTDOT ".." T_SPREAD "..."
%token END_OF_FILE 0 "the end of the script"

%type <decl> decl event_body needs own_maps option_head path_head config_head struct_decl enum_decl inline
%type <attrs> attrs
%type <field> declarator macro_param
%type <one_try> try
%type <tries> tries
%type <path_stage> path_stage
%type <field> param
%type <path_stages> path_stages
%type <path_keeps> path_keeps
%type <text> given id name cname field_name field_path help_opt
%type <texpr> type type_base type_name field_spec type_words cast_type option_type
%type <fields> event_fields struct_fields struct_body member macro_params params params_opt declarators
%type <points> points both names alias_names loop_names
%type <point> point
%type <block> block body stmts outputs
%type <stmt> simple compound for_head order text
%type <expr> expr cond lor land bor bxor band equality relational shift additive mul unary postfix
%type <expr> primary value valued value_block when_or when_and when_cmp pred_opt when_opt own_size limit_opt
%type <exprs> exprs args dims maps
%type <named> named config enumerators parts
%type <one_named> config_item enumerator
%type <count> stars
%type <op> assign_op
%type <ranks> sort_opt ranks
%type <columns> columns
%type <column> column
%type <flag> dir_opt

%%

script: decls ;

decls: %empty
    | decls decl                 { if ($2) add_decl(p, $2); }
    | decls ';'
    ;

id: T_ID | T_TEXT ; // `text` is a word of the language only where a block follows
name: cname | T_TYPE ;
cname: id | T_LIMIT | T_BY | T_ON | T_ASC | T_DESC | T_SORTED | T_ALIAS | T_REQUIRED | T_POSITIONAL | T_EVENT | T_WHEN
    | T_END | T_BEGIN | T_PROBE | T_IN | T_OPTION | T_SEND | T_EVERY | T_STAGE | T_TRY | T_EACH | T_RENAMED | T_PATH | T_TIMEOUT | T_SAMPLE | T_KEEP
    | T_USE | T_FN | T_LET | T_UNROLL | T_OFFSETOF | T_HAS_FIELD | T_CONTAINER_OF | T_TRUE | T_FALSE | T_KBEGIN | T_KEND
    ;

result: T_ARROW | ':' ; // ours, and bpftrace's

decl: T_USE id                 { $$ = nd_decl_new(A, ND_D_USE, @$); $$->name = $2.s; $$->name_span = @2; }
    | T_USE T_STRING             { $$ = nd_decl_new(A, ND_D_USE, @$); $$->name = $2.s; $$->name_span = @2; }
    | option_head                { $$ = $1; }
    | T_CONST id '=' expr      { $$ = nd_decl_new(A, ND_D_CONST, @$); $$->name = $2.s; $$->name_span = @2; $$->expr = $4; }
    | T_FN id '(' params_opt ')' block
                                 { $$ = nd_decl_new(A, ND_D_FN, @$); $$->name = $2.s; $$->name_span = @2; $$->fields = *$4; $$->body = $6; nd_parse_params(p, $$); }
    | T_FN id '(' params_opt ')' result type block
                                 { $$ = nd_decl_new(A, ND_D_FN, @$); $$->name = $2.s; $$->name_span = @2; $$->fields = *$4; $$->texpr = $7; $$->body = $8; nd_parse_params(p, $$); }
    | struct_decl
    | enum_decl
    | T_STRUCT attrs id ';'      { $$ = NULL; } // says nothing here
    | T_UNION attrs id ';'       { $$ = NULL; }
    | T_STRUCT attrs id ':' id '{' struct_body '}' attrs
                                 { $$ = nd_parse_struct(p, @$, false, $2, $9); $$->name = $5.s; $$->name_span = @5; $$->module = $3.s; $$->fields = *$7; }
    | T_TYPEDEF field_spec declarator ';'
                                 {
                                     $$ = nd_decl_new(A, ND_D_TYPEDEF, @$); $$->name = $3.name; $$->name_span = $3.span;
                                     *ND_PUSH(A, &$$->fields) = nd_parse_field(p, $2, &$3);
                                     *ND_PUSH(A, &p->typedefs) = $3.name;
                                 }
    | T_EVENT id event_body      { $$ = $3; $$->span = @$; $$->name = $2.s; $$->name_span = @2; }
    | T_EVENT id ':' id event_body
                                 { $$ = $5; $$->span = @$; $$->name = $2.s; $$->name_span = @2; $$->base = $4.s; $$->base_span = @4; }
    | T_LET T_MAP '=' expr help_opt
                                 { $$ = nd_decl_new(A, ND_D_MAP, @$); $$->name = $2.s; $$->name_span = @2; $$->expr = $4; $$->help = $5.s; }
    | T_LET T_MAP T_STRING       { $$ = nd_decl_new(A, ND_D_MAP, @$); $$->name = $2.s; $$->name_span = @2; $$->help = $3.s; }
    | own_maps
    | needs
    | T_STAGE id '(' params_opt ')' help_opt '{' tries '}'
                                 { $$ = nd_decl_new(A, ND_D_STAGE, @$); $$->name = $2.s; $$->name_span = @2; $$->fields = *$4; $$->help = $6.s; $$->tries = *$8; }
    | path_head when_opt '=' path_stages
                                 { $$ = $1; $$->when = $2; $$->path->stages = *$4; $$->span = @$; }
    | path_head
    | T_PATH id '=' path_stages  { $$ = nd_parse_path(p, @$, $2.s, @2); $$->path->stages = *$4; }
    | points when_opt pred_opt block
                                 { $$ = nd_decl_new(A, ND_D_PROBE, @$); $$->points = *$1; $$->when = $2; $$->pred = $3; $$->body = $4; $$->name_span = @1; }
    | given points when_opt pred_opt block
                                 { $$ = nd_decl_new(A, ND_D_PROBE, @$); $$->points = *$2; $$->when = $3; $$->pred = $4; $$->body = $5; $$->name_span = @2; }
    | T_PROBE points when_opt pred_opt block
                                 { $$ = nd_decl_new(A, ND_D_PROBE, @$); $$->points = *$2; $$->when = $3; $$->pred = $4; $$->body = $5; $$->name_span = @2; }
    | both block                 { $$ = nd_decl_new(A, ND_D_PROBE, @$); $$->points = *$1; $$->body = $2; $$->name_span = @1; }
    | T_BEGIN body               { $$ = nd_decl_new(A, ND_D_BEGIN, @$); $$->body = $2; $$->name_span = @1; }
    | T_END body                 { $$ = nd_decl_new(A, ND_D_END, @$); $$->body = $2; $$->name_span = @1; }
    | T_EVERY expr body          { $$ = nd_decl_new(A, ND_D_EVERY, @$); $$->expr = $2; $$->body = $3; $$->name_span = @1; }
    | T_ON id block              { $$ = nd_decl_new(A, ND_D_ON, @$); $$->name = $2.s; $$->name_span = @2; $$->body = $3; }
    | T_ON id text               {
                                     $$ = nd_decl_new(A, ND_D_ON, @$); $$->name = $2.s; $$->name_span = @2; $$->body = nd_parse_only(p, $3);
                                     $3->name = $2.s; // elsewhere its record
                                 }
    | T_ID id '(' macro_params ')' block {
                                     $$ = nd_decl_new(A, ND_D_MACRO, @$); $$->name = $2.s; $$->name_span = @2; $$->fields = *$4; $$->body = $6;
                                     p->script->expands = true;
                                     if (strcmp($1.s, "macro"))
                                         nd_help(p->diags, nd_error(p->diags, ND_E0101, @1, "unexpected '%s'", $1.s), "macro %s(...) { ... }, or fn %s(...) { ... }", $2.s, $2.s);
                                 }
    | T_ID id '{' columns '}'    { $$ = nd_parse_table(p, @$, $1.s, @1, $2.s, @2, $4); }
    | T_ID id '{' columns ',' '}' { $$ = nd_parse_table(p, @$, $1.s, @1, $2.s, @2, $4); }
    | config_head '{' config '}' { $$ = $1; $$->config = *$3; }
    | config_head '{' config config_item '}' { $$ = $1; $$->config = *$3; *ND_PUSH(A, &$$->config) = $4; }
    | error '}'                  { $$ = NULL; yyerrok; }
    | error ';'                  { $$ = NULL; yyerrok; }
    ;

macro_params: %empty             { $$ = ND_NEW(A, struct nd_decl_fields); }
    | macro_param                { $$ = ND_NEW(A, struct nd_decl_fields); *ND_PUSH(A, $$) = $1; }
    | macro_params ',' macro_param { $$ = $1; *ND_PUSH(A, $$) = $3; }
    ;
macro_param: T_VAR               { $$ = (struct nd_decl_field){.name = nd_arena_printf(A, "$%s", $1.s), .span = @1}; }
    | T_MAP                      { $$ = (struct nd_decl_field){.name = $1.s, .span = @1}; }
    | id                         { $$ = (struct nd_decl_field){.name = $1.s, .span = @1}; }
    ;
given: id '='                    { $$ = $1; } // config = { }, and a probe's name, which means nothing
    ;
config_head: given               {
                                     @$.len = (uint32_t)strlen($1.s);
                                     $$ = nd_decl_new(A, ND_D_CONFIG, @$);
                                     if (strcmp($1.s, "config") != 0)
                                         nd_help(p->diags, nd_error(p->diags, ND_E0101, @$, "'%s' cannot be set here", $1.s),
                                                 "config = { max_map_keys = 10000 }, const NAME = value, or let @map = ...");
                                 }
    ;
config: %empty                   { $$ = ND_NEW(A, struct nd_named_list); }
    | config ';'
    | config ','
    | config config_item ';'     { $$ = $1; *ND_PUSH(A, $$) = $2; }
    | config config_item ','     { $$ = $1; *ND_PUSH(A, $$) = $2; }
    ;
config_item: name '=' primary    { $$ = (struct nd_named){.name = $1.s, .span = @1, .expr = $3}; }
    ;

needs: T_ID T_PATH id            { $$ = nd_parse_needs(p, @1, $1.s, ND_D_PATH, @3, $3.s); }
    | T_ID T_OPTION name         { $$ = nd_parse_needs(p, @1, $1.s, ND_D_OPTION, @3, $3.s); }
    | T_ID T_FN id '(' params_opt ')' own_size
                                 { $$ = nd_parse_needs(p, @1, $1.s, ND_D_FN, @3, $3.s); $$->fields = *$5; $$->expr = $7; }
    | T_ID T_FN id '(' params_opt ')' T_ARROW type '=' cond
                                 { $$ = nd_parse_needs(p, @1, $1.s, ND_D_FN, @3, $3.s); $$->fields = *$5; $$->texpr = $8; $$->expr = $10; }
    | T_ID T_FN id '(' params_opt ')' T_ARROW type ';' // `const` after a type is part of it
                                 { $$ = nd_parse_needs(p, @1, $1.s, ND_D_FN, @3, $3.s); $$->fields = *$5; $$->texpr = $8; }
    | needs ',' name             { add_decl(p, $1); $$ = nd_parse_needs(p, @3, "needs", $1->needs == ND_D_FN ? ND_D_PATH : $1->needs, @3, $3.s); }
    ;
own_maps: T_ID T_MAP own_size    { $$ = nd_parse_own_map(p, @1, $1.s, @2, $2.s, $3); }
    | own_maps ',' T_MAP own_size { add_decl(p, $1); $$ = nd_parse_own_map(p, @3, "private", @3, $3.s, $4); }
    ;
own_size: %empty                 { $$ = NULL; }
    | '=' cond                   { $$ = $2; }
    ;

path_head: T_PATH id T_BY cond  { $$ = nd_parse_path(p, @$, $2.s, @2); $$->path->key = $4; }
    | T_PATH id T_ID id          {
                                     $$ = nd_parse_path(p, @$, $2.s, @2); $$->path->like = $4.s; $$->path->like_span = @4;
                                     if (strcmp($3.s, "like"))
                                         nd_help(p->diags, nd_error(p->diags, ND_E0101, @3, "unexpected '%s'", $3.s), "path %s by KEY, or: path %s like OTHER", $2.s, $2.s);
                                 }
    | path_head T_TIMEOUT cond   { $$ = $1; $$->path->timeout = $3; }
    | path_head T_LIMIT cond     { $$ = $1; $$->path->limit = $3; }
    | path_head T_KEEP '{' path_keeps '}' { $$ = $1; $$->path->keeps = *$4; }
    | path_head T_SAMPLE T_INT '/' T_INT T_BY id { $$ = $1; $$->path->sample = $3.v == 1 && $5.v ? $5.v : UINT64_MAX; $$->path->sample_span = nd_span_join(@3, @7); }
    ;
path_keeps: name ':' type '=' cond { $$ = ND_NEW(A, struct nd_path_keeps); *ND_PUSH(A, $$) = (struct nd_path_keep){{.name = $1.s, .span = @1, .texpr = $3}, $5}; }
    | path_keeps ',' name ':' type '=' cond { $$ = $1; *ND_PUSH(A, $$) = (struct nd_path_keep){{.name = $3.s, .span = @3, .texpr = $5}, $7}; }
    ;
path_stages: path_stage          { $$ = ND_NEW(A, struct nd_path_stages); *ND_PUSH(A, $$) = $1; }
    | path_stages T_ARROW path_stage { $$ = $1; *ND_PUSH(A, $$) = $3; }
    ;
path_stage: id                 { $$ = (struct nd_path_stage){.point = {.text = $1.s, .span = @1}}; }
    | id '?'                   { $$ = (struct nd_path_stage){.point = {.text = $1.s, .span = @$, .optional = true}}; }
    | path_stage T_STRING        { $$ = $1; $$.label = $2.s; }
    | path_stage T_RENAMED       { $$ = $1; $$.renamed = true; }
    | path_stage T_WHEN '(' expr ')' { $$ = $1; $$.when = $4; }
    | path_stage T_IF '(' expr ')' { $$ = $1; $$.cond = $4; }
    ;

help_opt: %empty                 { $$.s = ""; $$.n = 0; }
    | T_STRING
    ;
tries: try                       { $$ = ND_NEW(A, struct nd_tries); *ND_PUSH(A, $$) = $1; }
    | tries try                  { $$ = $1; *ND_PUSH(A, $$) = $2; }
    ;
try: T_TRY points pred_opt block { $$ = (struct nd_try){.span = nd_span_join(@1, @2), .points = *$2, .pred = $3, .body = $4}; }
    | T_TRY points pred_opt block T_EACH postfix
                                 { $$ = (struct nd_try){.span = nd_span_join(@1, @2), .points = *$2, .pred = $3, .body = $4, .each = $6}; }
    ;

option_head: T_OPTION name ':' option_type
                                 { $$ = nd_decl_new(A, ND_D_OPTION, @$); $$->name = $2.s; $$->name_span = @2; $$->texpr = $4; }
    | T_OPTION name ':' option_type T_IN id '.' cname
                                 {
                                     $$ = nd_decl_new(A, ND_D_OPTION, @$);
                                     $$->name = $2.s; $$->name_span = @2; $$->texpr = $4;
                                     $$->file = $6.s; $$->file_span = nd_span_join(@6, @8); $$->key = $8.s;
                                 }
    | option_head T_REQUIRED     { $$ = $1; $$->required = true; }
    | option_head T_POSITIONAL   { $$ = $1; $$->positional = true; }
    | option_head '=' cond       { $$ = $1; $$->expr = $3; $$->span = nd_span_join($$->span, @3); }
    | option_head T_STRING       { $$ = $1; $$->help = $2.s; $$->span = nd_span_join($$->span, @2); }
    | option_head T_ALIAS alias_names { $$ = $1; $$->aliases = *$3; }
    ;
alias_names: id                { $$ = ND_NEW(A, struct nd_points); *ND_PUSH(A, $$) = (struct nd_point){.text = $1.s, .span = @1}; }
    | T_STRING                   { $$ = ND_NEW(A, struct nd_points); *ND_PUSH(A, $$) = (struct nd_point){.text = $1.s, .span = @1}; }
    | alias_names ',' id       { $$ = $1; *ND_PUSH(A, $$) = (struct nd_point){.text = $3.s, .span = @3}; }
    | alias_names ',' T_STRING   { $$ = $1; *ND_PUSH(A, $$) = (struct nd_point){.text = $3.s, .span = @3}; }
    ;
option_type: name                { $$ = ND_NEW(A, struct nd_texpr); $$->span = @$; $$->name = $1.s; }
    | name '[' ']'               { $$ = ND_NEW(A, struct nd_texpr); $$->span = @$; $$->name = $1.s; $$->is_list = true; }
    | name '(' cond ')'          {
                                     $$ = ND_NEW(A, struct nd_texpr); $$->span = @$; $$->name = $1.s;
                                     $$->args = ND_NEW(A, struct nd_expr_list); *ND_PUSH(A, $$->args) = $3;
                                 }
    | name '(' cond ',' cond ')' {
                                     $$ = ND_NEW(A, struct nd_texpr); $$->span = @$; $$->name = $1.s;
                                     $$->args = ND_NEW(A, struct nd_expr_list); *ND_PUSH(A, $$->args) = $3;
                                     *ND_PUSH(A, $$->args) = $5;
                                 }
    | T_ENUM '(' names ')'       {
                                     $$ = ND_NEW(A, struct nd_texpr);
                                     $$->span = @$;
                                     $$->name = "enum";
                                     $$->args = ND_NEW(A, struct nd_expr_list);
                                     for (uint32_t i = 0; i < $3->n; i++)
                                         *ND_PUSH(A, $$->args) = ident(p, $3->v[i].span, $3->v[i].text);
                                 }
    ;
names: name                      { $$ = ND_NEW(A, struct nd_points); *ND_PUSH(A, $$) = (struct nd_point){.text = $1.s, .span = @1}; }
    | names ',' name             { $$ = $1; *ND_PUSH(A, $$) = (struct nd_point){.text = $3.s, .span = @3}; }
    ;

points: point                    { $$ = ND_NEW(A, struct nd_points); *ND_PUSH(A, $$) = $1; }
    | points ',' point           { $$ = $1; *ND_PUSH(A, $$) = $3; }
    ;
both: T_BEGIN ',' T_END          { $$ = ND_NEW(A, struct nd_points); *ND_PUSH(A, $$) = (struct nd_point){.text = "BEGIN", .span = @1}; *ND_PUSH(A, $$) = (struct nd_point){.text = "END", .span = @3}; }
    | T_END ',' T_BEGIN          { $$ = ND_NEW(A, struct nd_points); *ND_PUSH(A, $$) = (struct nd_point){.text = "END", .span = @1}; *ND_PUSH(A, $$) = (struct nd_point){.text = "BEGIN", .span = @3}; }
    ;
point: T_PROBE_SPEC              { $$ = (struct nd_point){.text = $1.s, .span = @1}; }
    | T_KBEGIN                   { $$ = (struct nd_point){.text = "BEGIN", .span = @1}; }
    | T_KEND                     { $$ = (struct nd_point){.text = "END", .span = @1}; }
    | id                       { $$ = (struct nd_point){.text = $1.s, .span = @1}; }
    | id '?'                   { $$ = (struct nd_point){.text = $1.s, .span = @$, .optional = true}; }
    | id ':' id              { $$ = (struct nd_point){.text = nd_arena_printf(A, "%s:%s", $1.s, $3.s), .span = @$}; }
    | id ':' id ':' id     { $$ = (struct nd_point){.text = nd_arena_printf(A, "%s:%s:%s", $1.s, $3.s, $5.s), .span = @$}; }
    ;
when_opt: %empty                 { $$ = NULL; }
    | T_WHEN when_or             { $$ = $2; }
    ;
when_or: when_and
    | when_or T_LOR when_and     { $$ = binary(p, ND_OP_LOR, $1, $3); }
    ;
when_and: when_cmp
    | when_and T_LAND when_cmp   { $$ = binary(p, ND_OP_LAND, $1, $3); }
    ;
when_cmp: unary // no '/': that starts the predicate
    | unary T_EQ unary           { $$ = binary(p, ND_OP_EQ, $1, $3); }
    | unary T_NE unary           { $$ = binary(p, ND_OP_NE, $1, $3); }
    | unary '<' unary            { $$ = binary(p, ND_OP_LT, $1, $3); }
    | unary '>' unary            { $$ = binary(p, ND_OP_GT, $1, $3); }
    | unary T_LE unary           { $$ = binary(p, ND_OP_LE, $1, $3); }
    | unary T_GE unary           { $$ = binary(p, ND_OP_GE, $1, $3); }
    ;
pred_opt: %empty                 { $$ = NULL; }
    | '/' expr T_ENDPRED         { $$ = $2; }
    | '/' error T_ENDPRED        { $$ = NULL; yyerrok; }
    ;

params_opt: %empty               { $$ = ND_NEW(A, struct nd_decl_fields); }
    | params
    ;
params: param                    { $$ = ND_NEW(A, struct nd_decl_fields); *ND_PUSH(A, $$) = $1; }
    | params ',' param           { $$ = $1; *ND_PUSH(A, $$) = $3; }
    ;
param: name                      { $$ = (struct nd_decl_field){.name = $1.s, .span = @1}; }
    | name ':' type              { $$ = (struct nd_decl_field){.name = $1.s, .span = @1, .texpr = $3}; }
    | T_VAR                      { $$ = (struct nd_decl_field){.name = $1.s, .span = @1, .dollar = true}; }
    | T_VAR ':' type             { $$ = (struct nd_decl_field){.name = $1.s, .span = @1, .texpr = $3, .dollar = true}; }
    | T_MAP                      { $$ = (struct nd_decl_field){.name = $1.s, .span = @1}; }
    ;
event_body: '{' event_fields '}' { $$ = nd_decl_new(A, ND_D_EVENT, @$); $$->fields = *$2; }
    | '{' event_fields ',' '}'   { $$ = nd_decl_new(A, ND_D_EVENT, @$); $$->fields = *$2; }
    ;
event_fields: name ':' type      { $$ = ND_NEW(A, struct nd_decl_fields); *ND_PUSH(A, $$) = (struct nd_decl_field){.name = $1.s, .span = @1, .texpr = $3}; }
    | event_fields ',' name ':' type { $$ = $1; *ND_PUSH(A, $$) = (struct nd_decl_field){.name = $3.s, .span = @3, .texpr = $5}; }
    ;
columns: column                  { $$ = ND_NEW(A, struct nd_columns); *ND_PUSH(A, $$) = $1; }
    | columns ',' column         { $$ = $1; *ND_PUSH(A, $$) = $3; }
    ;
column: name ':' type            { $$ = (struct nd_column){.field = {.name = $1.s, .span = @1, .texpr = $3}}; }
    | column T_STRING            { $$ = nd_parse_column_text(p, $1, @2, $2.s); }
    | column T_ID id             { $$ = nd_parse_column_unit(p, $1, $2.s, @2, $3.s, @3, false); }
    | column T_ID T_STRING       { $$ = nd_parse_column_unit(p, $1, $2.s, @2, $3.s, @3, true); }
    | column T_ID '>' additive   { $$ = nd_parse_column_level(p, $1, $2.s, @2, ND_OP_GT, $4); }
    | column T_ID '<' additive   { $$ = nd_parse_column_level(p, $1, $2.s, @2, ND_OP_LT, $4); }
    ;
struct_decl: T_STRUCT attrs id '{' struct_body '}' attrs
                                 { $$ = nd_parse_struct(p, @$, false, $2, $7); $$->name = $3.s; $$->name_span = @3; $$->fields = *$5; }
    | T_UNION attrs id '{' struct_body '}' attrs
                                 { $$ = nd_parse_struct(p, @$, true, $2, $7); $$->name = $3.s; $$->name_span = @3; $$->fields = *$5; }
    ;
enum_decl: T_ENUM id '{' enumerators '}'
                                 { $$ = nd_decl_new(A, ND_D_ENUM, @$); $$->name = $2.s; $$->name_span = @2; $$->enumerators = *$4; }
    | T_ENUM '{' enumerators '}' { $$ = nd_decl_new(A, ND_D_ENUM, @$); $$->name = ""; $$->name_span = @1; $$->enumerators = *$3; }
    ;
enumerators: enumerator          { $$ = ND_NEW(A, struct nd_named_list); *ND_PUSH(A, $$) = $1; }
    | enumerators ',' enumerator { $$ = $1; *ND_PUSH(A, $$) = $3; }
    | enumerators ','
    ;
enumerator: name help_opt        { $$ = (struct nd_named){$1.s, @1, NULL, $2.s}; }
    | name '=' cond help_opt     { $$ = (struct nd_named){$1.s, @1, $3, $4.s}; }
    | T_STRING                   { $$ = (struct nd_named){NULL, @1, NULL, $1.s}; }
    | T_STRING '=' cond          { $$ = (struct nd_named){NULL, @1, $3, $1.s}; }
    | '*' T_STRING               { $$ = (struct nd_named){"*", @2, NULL, $2.s}; }
    ;
attrs: %empty                    { $$ = (struct nd_attrs){0}; }
    | attrs T_ATTR               { $$ = nd_parse_attribute($1, $2.s); }
    ;
struct_body: struct_fields
    | struct_fields member       { $$ = $1; nd_parse_append(p, $$, $2); }
    ;
struct_fields: %empty            { $$ = ND_NEW(A, struct nd_decl_fields); }
    | struct_fields ';'
    | struct_fields member ';'   { $$ = $1; nd_parse_append(p, $$, $2); }
    | struct_fields error ';'    { $$ = $1; yyerrok; }
    ;
member: field_spec declarators when_opt { $$ = nd_parse_members(p, $1, $2, $3); }
    | T_ALIGN field_spec declarators when_opt {
                                     $$ = nd_parse_members(p, $2, $3, $4);
                                     for (uint32_t i = 0; i < $$->n; i++) {
                                         $$->v[i].aligned = $1.s;
                                         $$->v[i].align = $1.n;
                                         $$->v[i].align_span = @1;
                                         $$->v[i].align_span.len = (uint32_t)strlen($1.s);
                                     }
                                 }
    | field_spec                 {
                                     struct nd_decl_field unnamed = {.span = @1};
                                     $$ = ND_NEW(A, struct nd_decl_fields);
                                     *ND_PUSH(A, $$) = nd_parse_field(p, $1, &unnamed);
                                 }
    ;
field_spec: type_name
    | id                         { $$ = ND_NEW(A, struct nd_texpr); $$->span = @$; $$->name = $1.s; }
    | inline                     { $$ = ND_NEW(A, struct nd_texpr); $$->span = @$; $$->name = $1->name; $$->body = $1; }
    | T_CONST field_spec         { $$ = $2; }
    | T_QUALIFIER field_spec     { $$ = $2; }
    ;
inline: struct_decl
    | enum_decl
    | T_STRUCT attrs '{' struct_body '}' attrs
                                 { $$ = nd_parse_struct(p, @$, false, $2, $6); $$->name = ""; $$->name_span = @1; $$->fields = *$4; }
    | T_UNION attrs '{' struct_body '}' attrs
                                 { $$ = nd_parse_struct(p, @$, true, $2, $6); $$->name = ""; $$->name_span = @1; $$->fields = *$4; }
    ;
declarators: declarator          { $$ = ND_NEW(A, struct nd_decl_fields); *ND_PUSH(A, $$) = $1; }
    | declarators ',' declarator { $$ = $1; *ND_PUSH(A, $$) = $3; }
    ;
declarator: stars cname dims attrs
                                 { $$ = (struct nd_decl_field){.name = $2.s, .span = @2, .texpr = nd_parse_stars(p, @$, $1), .dims = *$3, .attrs = $4}; }
    | stars cname ':' cond attrs { $$ = nd_parse_bits((struct nd_decl_field){.name = $2.s, .span = @2, .attrs = $5}, $4); }
    | ':' cond                   { $$ = nd_parse_bits((struct nd_decl_field){.span = @$}, $2); }
    | stars '(' stars cname dims ')' '(' c_params ')' attrs
                                 { $$ = (struct nd_decl_field){.name = $4.s, .span = @4, .texpr = nd_parse_stars(p, @$, $1), .dims = *$5, .pointer = true}; }
    | stars '(' stars cname dims ')' '[' expr ']' attrs
                                 { $$ = (struct nd_decl_field){.name = $4.s, .span = @4, .texpr = nd_parse_stars(p, @$, $1), .dims = *$5, .pointer = true}; }
    ;
dims: %empty                     { $$ = ND_NEW(A, struct nd_expr_list); }
    | dims '[' expr ']'          { $$ = $1; *ND_PUSH(A, $$) = $3; }
    | dims '[' ']'               { $$ = $1; *ND_PUSH(A, $$) = NULL; }
    ;
c_params: %empty
    | c_param
    | c_params ',' c_param
    ;
c_param: field_spec stars
    | field_spec stars cname dims
    | field_spec stars '(' stars cname ')' '(' c_params ')'
    | T_SPREAD
    ;

stars: %empty                    { $$ = 0; }
    | stars '*'                  { $$ = $1 + 1; }
    | stars T_CONST
    | stars T_QUALIFIER
    ;
type_words: T_TYPE               { $$ = ND_NEW(A, struct nd_texpr); $$->span = @$; $$->name = $1.s; }
    | type_words T_TYPE          { $$ = $1; $$->name = nd_arena_printf(A, "%s %s", $1->name, $2.s); $$->span = @$; }
    ;
type_name: type_words
    | T_STRUCT attrs id          { $$ = ND_NEW(A, struct nd_texpr); $$->span = @$; $$->name = $3.s; $$->tag = ND_TAG_STRUCT; }
    | T_UNION attrs id           { $$ = ND_NEW(A, struct nd_texpr); $$->span = @$; $$->name = $3.s; $$->tag = ND_TAG_UNION; }
    | T_ENUM id                { $$ = ND_NEW(A, struct nd_texpr); $$->span = @$; $$->name = $2.s; $$->tag = ND_TAG_ENUM; }
    | T_ENUM id '?'            { $$ = ND_NEW(A, struct nd_texpr); $$->span = @$; $$->name = $2.s; $$->tag = ND_TAG_ENUM; $$->optional = true; }
    ;
type_base: type_name
    | T_CONST type_base          { $$ = $2; }
    | T_QUALIFIER type_base      { $$ = $2; }
    ;
cast_type: type_base stars       { $$ = $1; $$->stars = $2; $$->span = @$; }
    | type_base stars '[' T_INT ']' { $$ = $1; $$->stars = $2; $$->is_array = true; $$->nelems = $4.v; $$->span = @$; }
    | type_base stars '[' ']'    { $$ = $1; $$->stars = $2; $$->is_list = true; $$->span = @$; }
    ;
type: cast_type
    | id                       { $$ = ND_NEW(A, struct nd_texpr); $$->span = @$; $$->name = $1.s; }
    | id '*'                   { $$ = ND_NEW(A, struct nd_texpr); $$->span = @$; $$->name = $1.s; $$->stars = 1; }
    | id '[' T_INT ']'         { $$ = ND_NEW(A, struct nd_texpr); $$->span = @$; $$->name = $1.s; $$->is_array = true; $$->nelems = $3.v; }
    | id '(' T_INT ')'         { $$ = ND_NEW(A, struct nd_texpr); $$->span = @$; $$->name = $1.s; $$->nelems = $3.v; }
    ;

body: block
    | text                       { $$ = nd_parse_only(p, $1); }
    ;
text: T_TEXT block               { $$ = nd_stmt_new(A, ND_S_TEXT, @$); $$->name_span = @1; $$->body = $2; }
    ;
block: '{' stmts '}'             { $$ = $2; $$->span = @$; }
    | '{' stmts simple '}'       { $$ = $2; *ND_PUSH(A, $$) = $3; $$->span = @$; }
    | '{' stmts error '}'        { $$ = $2; $$->span = @$; yyerrok; }
    ;
stmts: %empty                    { $$ = ND_NEW(A, struct nd_block); }
    | stmts ';'
    | stmts simple ';'           { $$ = $1; *ND_PUSH(A, $$) = $2; }
    | stmts compound             { $$ = $1; *ND_PUSH(A, $$) = $2; }
    | stmts error ';'            { $$ = $1; yyerrok; }
    ;

assign_op: '=' { $$ = ND_OP_NONE; } | T_ADD_SET { $$ = ND_OP_ADD; } | T_SUB_SET { $$ = ND_OP_SUB; }
    | T_MUL_SET { $$ = ND_OP_MUL; } | T_DIV_SET { $$ = ND_OP_DIV; } | T_MOD_SET { $$ = ND_OP_MOD; }
    | T_AND_SET { $$ = ND_OP_AND; } | T_OR_SET { $$ = ND_OP_OR; } | T_XOR_SET { $$ = ND_OP_XOR; }
    | T_SHL_SET { $$ = ND_OP_SHL; } | T_SHR_SET { $$ = ND_OP_SHR; }
    ;
simple: expr                     { $$ = nd_parse_evaluate(p, $1); }
    | unary assign_op value      { $$ = nd_parse_assign(p, @$, $1, $2, $3); }
    | T_LET T_VAR                { $$ = nd_stmt_new(A, ND_S_LET, @$); $$->expr = nd_expr_new(A, ND_E_VAR, @2); $$->expr->name = $2.s; }
    | T_LET T_VAR '=' value      { $$ = nd_stmt_new(A, ND_S_LET, @$); $$->expr = nd_expr_new(A, ND_E_VAR, @2); $$->expr->name = $2.s; $$->rhs = $4; }
    | T_LET T_VAR ':' type       { $$ = nd_stmt_new(A, ND_S_LET, @$); $$->expr = nd_expr_new(A, ND_E_VAR, @2); $$->expr->name = $2.s; $$->texpr = $4; }
    | T_LET T_VAR ':' type '=' value { $$ = nd_stmt_new(A, ND_S_LET, @$); $$->expr = nd_expr_new(A, ND_E_VAR, @2); $$->expr->name = $2.s; $$->texpr = $4; $$->rhs = $6; }
    | T_BREAK                    { $$ = nd_stmt_new(A, ND_S_BREAK, @$); }
    | T_CONTINUE                 { $$ = nd_stmt_new(A, ND_S_CONTINUE, @$); }
    | T_RETURN                   { $$ = nd_stmt_new(A, ND_S_RETURN, @$); }
    | T_RETURN expr              { $$ = nd_stmt_new(A, ND_S_RETURN, @$); $$->expr = $2; }
    | T_SEND id '{' named '}'    { $$ = nd_parse_send(p, @$, $2.s, @2, $4, NULL); }
    | T_SEND id '{' named ',' '}' { $$ = nd_parse_send(p, @$, $2.s, @2, $4, NULL); }
    | T_SEND id T_VAR            { $$ = nd_parse_send(p, @$, $2.s, @2, NULL, nd_expr_new(A, ND_E_VAR, @3)); $$->rhs->name = $3.s; }
    | T_SEND id T_MAP            { $$ = nd_parse_send(p, @$, $2.s, @2, NULL, map_expr(p, @3, $3.s, NULL)); }
    | T_SEND id T_MAP_KEYED '[' exprs ']' { $$ = nd_parse_send(p, @$, $2.s, @2, NULL, map_expr(p, nd_span_join(@3, @6), $3.s, $5)); }
    | T_SEND id                  { $$ = nd_parse_send(p, @$, $2.s, @2, NULL, NULL); }
    ;
field_name: name ;
named: field_name ':' expr       { $$ = ND_NEW(A, struct nd_named_list); *ND_PUSH(A, $$) = (struct nd_named){.name = $1.s, .span = @1, .expr = $3}; }
    | id                       { $$ = ND_NEW(A, struct nd_named_list); *ND_PUSH(A, $$) = (struct nd_named){.name = $1.s, .span = @1, .expr = ident(p, @1, $1.s)}; }
    | T_SPREAD expr              { $$ = ND_NEW(A, struct nd_named_list); *ND_PUSH(A, $$) = (struct nd_named){.name = NULL, .span = @1, .expr = $2}; }
    | named ',' T_SPREAD expr    { $$ = $1; *ND_PUSH(A, $$) = (struct nd_named){.name = NULL, .span = @3, .expr = $4}; }
    | named ',' field_name ':' expr { $$ = $1; *ND_PUSH(A, $$) = (struct nd_named){.name = $3.s, .span = @3, .expr = $5}; }
    | named ',' id             { $$ = $1; *ND_PUSH(A, $$) = (struct nd_named){.name = $3.s, .span = @3, .expr = ident(p, @3, $3.s)}; }
    ;
compound: T_IF expr block        { $$ = nd_stmt_new(A, ND_S_IF, @$); $$->expr = $2; $$->body = $3; }
    | T_IF expr block T_ELSE compound {
                                     $$ = nd_stmt_new(A, ND_S_IF, @$);
                                     $$->expr = $2; $$->body = $3;
                                     if ($5->kind == ND_S_BLOCK) {
                                         $$->else_body = $5->body;
                                     } else {
                                         $$->else_body = ND_NEW(A, struct nd_block);
                                         $$->else_body->span = @5;
                                         *ND_PUSH(A, $$->else_body) = $5;
                                     }
                                 }
    | T_WHILE expr block         { $$ = nd_stmt_new(A, ND_S_WHILE, @$); $$->expr = $2; $$->body = $3; }
    | T_UNROLL expr block        { $$ = nd_stmt_new(A, ND_S_UNROLL, @$); $$->rhs = $2; $$->body = $3; }
    | T_FOR '(' for_head ')' block { $$ = $3; $$->span = @$; $$->body = $5; }
    | T_FOR for_head block       { $$ = $2; $$->span = @$; $$->body = $3; }
    | block                      { $$ = nd_stmt_new(A, ND_S_BLOCK, @$); $$->body = $1; }
    | text
    | outputs T_TEXT block       { $$ = nd_stmt_new(A, ND_S_TEXT, @$); $$->name_span = @2; $$->else_body = $1; $$->body = $3; }
    ;
outputs: expr                    { $$ = nd_parse_output(p, ND_NEW(A, struct nd_block), $1); }
    | outputs ',' expr           { $$ = nd_parse_output(p, $1, $3); }
    ;
for_head: T_VAR ':' expr T_DOTDOT expr
                                 { $$ = nd_stmt_new(A, ND_S_FOR_RANGE, @$); $$->key = $1.s; $$->key_span = @1; $$->key_dollar = true; $$->rhs = $3; $$->hi = $5; }
    | id T_IN T_ENUM id          { $$ = nd_stmt_new(A, ND_S_FOR_RANGE, @$); $$->key = $1.s; $$->key_span = @1; $$->texpr = ND_NEW(A, struct nd_texpr); *$$->texpr = (struct nd_texpr){.span = nd_span_join(@3, @4), .tag = ND_TAG_ENUM, .name = $4.s}; }
    | id T_IN expr               { $$ = nd_parse_go_through(p, @$, $1.s, @1, $3); }
    | id T_IN expr T_DOTDOT expr
                                 { $$ = nd_stmt_new(A, ND_S_FOR_RANGE, @$); $$->key = $1.s; $$->key_span = @1; $$->rhs = $3; $$->hi = $5; }
    | T_VAR ':' T_MAP sort_opt limit_opt
                                 { $$ = nd_stmt_new(A, ND_S_FOR_MAP, @$); $$->key = $1.s; $$->key_span = @1; $$->key_dollar = true; $$->expr = map_expr(p, @3, $3.s, NULL); $$->ranks = *$4; $$->limit = $5; }
    | id T_IN T_MAP order        { $$ = $4; $$->span = @$; $$->key = $1.s; $$->key_span = @1; $$->expr = map_expr(p, @3, $3.s, NULL); }
    | id T_IN T_MAP ',' maps sort_opt limit_opt
                                 { struct nd_points n = {0}; *ND_PUSH(A, &n) = (struct nd_point){.text = $1.s, .span = @1}; $$ = nd_parse_go_over(p, @$, &n, first(p, map_expr(p, @3, $3.s, NULL), $5), $6, $7); }
    | loop_names T_IN T_MAP ',' maps sort_opt limit_opt
                                 { $$ = nd_parse_go_over(p, @$, $1, first(p, map_expr(p, @3, $3.s, NULL), $5), $6, $7); }
    | loop_names T_IN T_MAP sort_opt limit_opt
                                 { struct nd_expr_list m = {0}; *ND_PUSH(A, &m) = map_expr(p, @3, $3.s, NULL); $$ = nd_parse_go_over(p, @$, $1, &m, $4, $5); }
    ;
loop_names: id ',' id            { $$ = ND_NEW(A, struct nd_points); *ND_PUSH(A, $$) = (struct nd_point){.text = $1.s, .span = @1}; *ND_PUSH(A, $$) = (struct nd_point){.text = $3.s, .span = @3}; }
    | loop_names ',' id          { $$ = $1; *ND_PUSH(A, $$) = (struct nd_point){.text = $3.s, .span = @3}; }
    ;
maps: T_MAP                      { $$ = ND_NEW(A, struct nd_expr_list); *ND_PUSH(A, $$) = map_expr(p, @1, $1.s, NULL); }
    | maps ',' T_MAP             { $$ = $1; *ND_PUSH(A, $$) = map_expr(p, @3, $3.s, NULL); }
    ;
order: T_SORTED T_BY ranks limit_opt { $$ = nd_stmt_new(A, ND_S_FOR_MAP, @$); $$->ranks = *$3; $$->limit = $4; }
    | T_ASC limit_opt            { $$ = nd_stmt_new(A, ND_S_FOR_MAP, @$); nd_parse_rank(p, &$$->ranks, NULL, false); $$->limit = $2; }
    | T_DESC limit_opt           { $$ = nd_stmt_new(A, ND_S_FOR_MAP, @$); nd_parse_rank(p, &$$->ranks, NULL, true); $$->limit = $2; }
    | T_LIMIT expr               { $$ = nd_stmt_new(A, ND_S_FOR_MAP, @$); nd_parse_rank(p, &$$->ranks, NULL, false); $$->limit = $2; }
    ;
sort_opt: dir_opt                { $$ = nd_parse_rank(p, ND_NEW(A, struct nd_ranks), NULL, $1); }
    | T_SORTED T_BY ranks        { $$ = $3; }
    ;
ranks: expr dir_opt              { $$ = nd_parse_rank(p, ND_NEW(A, struct nd_ranks), $1, $2); }
    | ranks ',' expr dir_opt     { $$ = nd_parse_rank(p, $1, $3, $4); }
    ;
dir_opt: %empty                  { $$ = false; }
    | T_ASC                      { $$ = false; }
    | T_DESC                     { $$ = true; }
    ;
limit_opt: %empty                { $$ = NULL; }
    | T_LIMIT expr               { $$ = $2; }
    ;

expr: cond ;
cond: lor
    | lor '?' ':' cond           { $$ = nd_expr_new(A, ND_E_COND, @$); $$->a = $1; $$->c = $4; $$ = deep(p, $$); }
    | lor '?' value ':' cond     { $$ = nd_expr_new(A, ND_E_COND, @$); $$->a = $1; $$->b = $3; $$->c = $5; $$ = deep(p, $$); }
    | lor '?' value ':' valued   { $$ = nd_expr_new(A, ND_E_COND, @$); $$->a = $1; $$->b = $3; $$->c = $5; $$ = deep(p, $$); }
    ;
lor: land
    | lor T_LOR land             { $$ = binary(p, ND_OP_LOR, $1, $3); }
    ;
land: bor
    | land T_LAND bor            { $$ = binary(p, ND_OP_LAND, $1, $3); }
    ;
bor: bxor
    | bor '|' bxor               { $$ = binary(p, ND_OP_OR, $1, $3); }
    ;
bxor: band
    | bxor '^' band              { $$ = binary(p, ND_OP_XOR, $1, $3); }
    ;
band: equality
    | band '&' equality          { $$ = binary(p, ND_OP_AND, $1, $3); }
    ;
equality: relational
    | equality T_EQ relational   { $$ = binary(p, ND_OP_EQ, $1, $3); }
    | equality T_NE relational   { $$ = binary(p, ND_OP_NE, $1, $3); }
    ;
relational: shift
    | relational '<' shift       { $$ = binary(p, ND_OP_LT, $1, $3); }
    | relational '>' shift       { $$ = binary(p, ND_OP_GT, $1, $3); }
    | relational T_LE shift      { $$ = binary(p, ND_OP_LE, $1, $3); }
    | relational T_GE shift      { $$ = binary(p, ND_OP_GE, $1, $3); }
    | relational T_IN shift      { $$ = nd_expr_new(A, ND_E_IN, @$); $$->a = $1; $$->b = $3; $$ = deep(p, $$); }
    ;
shift: additive
    | shift T_SHL additive       { $$ = binary(p, ND_OP_SHL, $1, $3); }
    | shift T_SHR additive       { $$ = binary(p, ND_OP_SHR, $1, $3); }
    ;
additive: mul
    | additive '+' mul           { $$ = binary(p, ND_OP_ADD, $1, $3); }
    | additive '-' mul           { $$ = binary(p, ND_OP_SUB, $1, $3); }
    ;
mul: unary
    | mul '*' unary              { $$ = binary(p, ND_OP_MUL, $1, $3); }
    | mul '/' unary              { $$ = binary(p, ND_OP_DIV, $1, $3); }
    | mul '%' unary              { $$ = binary(p, ND_OP_MOD, $1, $3); }
    ;
unary: postfix
    | '-' unary                  { $$ = unary(p, ND_OP_NEG, @$, $2); }
    | '+' unary                  { $$ = $2; }
    | '!' unary                  { $$ = unary(p, ND_OP_NOT, @$, $2); }
    | '~' unary                  { $$ = unary(p, ND_OP_BNOT, @$, $2); }
    | '*' unary                  { $$ = unary(p, ND_OP_DEREF, @$, $2); }
    | '&' unary                  { $$ = unary(p, ND_OP_ADDR, @$, $2); }
    | T_INC unary                { $$ = unary(p, ND_OP_PREINC, @$, $2); }
    | T_DEC unary                { $$ = unary(p, ND_OP_PREDEC, @$, $2); }
    | '(' cast_type ')' unary    { $$ = nd_expr_new(A, ND_E_CAST, @$); $$->texpr = $2; $$->a = $4; $$ = deep(p, $$); }
    ;
postfix: primary
    | postfix '.' id           { $$ = nd_expr_new(A, ND_E_FIELD, @$); $$->a = $1; $$->name = $3.s; $$->name_span = @3; $$ = deep(p, $$); }
    | postfix '.' T_INT          { $$ = nd_expr_new(A, ND_E_FIELD, @$); $$->a = $1; $$->name = nd_arena_printf(A, "%llu", (unsigned long long)$3.v); $$->name_span = @3; $$ = deep(p, $$); }
    | postfix T_ARROW id       { $$ = nd_expr_new(A, ND_E_FIELD, @$); $$->a = $1; $$->name = $3.s; $$->name_span = @3; $$->arrow = true; $$ = deep(p, $$); }
    | postfix '[' expr ']'       { $$ = nd_expr_new(A, ND_E_INDEX, @$); $$->a = $1; $$->b = $3; $$ = deep(p, $$); }
    | postfix T_INC              { $$ = unary(p, ND_OP_POSTINC, @$, $1); }
    | postfix T_DEC              { $$ = unary(p, ND_OP_POSTDEC, @$, $1); }
    ;
primary: T_PARAM                 { $$ = nd_parse_word(p, @$, $1.v); }
    | T_INT                      { $$ = nd_expr_new(A, ND_E_INT, @$); $$->num = $1.v; $$->lit_unit = $1.unit; $$->is_unsigned = $1.is_unsigned; }
    | T_DOUBLE                   { $$ = nd_expr_new(A, ND_E_DOUBLE, @$); $$->real = $1; }
    | T_STRING                   { $$ = nd_expr_new(A, ND_E_STRING, @$); $$->str = $1.s; $$->len = (uint32_t)strlen($1.s); $$->whole = $1.n; }
    | T_TRUE                     { $$ = ident(p, @1, "true"); }
    | T_FALSE                    { $$ = ident(p, @1, "false"); }
    | id                       { $$ = ident(p, @1, $1.s); }
    | T_PROBE                    { $$ = ident(p, @1, "probe"); }
    | T_PROBE '(' ')'            { $$ = ident(p, @1, "probe"); }
    | T_PATH                     { $$ = ident(p, @1, "path"); }
    | T_PATH '(' args ')'        { $$ = nd_expr_new(A, ND_E_CALL, @$); $$->name = "path"; $$->name_span = @1; $$->args = *$3; $$ = deep(p, $$); }
    | T_VAR                      { $$ = nd_expr_new(A, ND_E_VAR, @$); $$->name = $1.s; }
    | T_MAP                      { $$ = map_expr(p, @$, $1.s, NULL); }
    | T_MAP_KEYED '[' exprs ']'  { $$ = map_expr(p, @$, $1.s, $3); }
    | id '(' args ')'          { $$ = nd_expr_new(A, ND_E_CALL, @$); $$->name = $1.s; $$->name_span = @1; $$->args = *$3; $$ = deep(p, nd_parse_call(p, $$)); }
    | '(' value ')'              { $$ = $2; $$->paren = true; $$->span = @$; }
    | '(' exprs ',' expr ')'     { $$ = nd_expr_new(A, ND_E_TUPLE, @$); $$->args = *$2; *ND_PUSH(A, &$$->args) = $4; $$ = deep(p, $$); }
    | '(' exprs ',' ')'          { $$ = nd_expr_new(A, ND_E_TUPLE, @$); $$->args = *$2; $$ = deep(p, $$); }
    | '(' parts ')'              { $$ = deep(p, nd_parse_record(p, @$, $2)); }
    | '(' parts ',' ')'          { $$ = deep(p, nd_parse_record(p, @$, $2)); }
    | '(' ')'                    { $$ = nd_expr_new(A, ND_E_TUPLE, @$); }
    | '(' error ')'              { $$ = nd_expr_new(A, ND_E_ERROR, @$); yyerrok; }
    | T_STRUCT attrs id '{' named '}' { $$ = deep(p, nd_parse_literal(p, @$, $3.s, @3, $5)); }
    | T_STRUCT attrs id '{' named ',' '}' { $$ = deep(p, nd_parse_literal(p, @$, $3.s, @3, $5)); }
    | T_SIZEOF '(' cast_type ')' { $$ = nd_expr_new(A, ND_E_SIZEOF, @$); $$->texpr = $3; }
    | T_SIZEOF '(' expr ')'      { $$ = nd_expr_new(A, ND_E_SIZEOF, @$); $$->a = $3; $$ = deep(p, $$); }
    | T_OFFSETOF '(' cast_type ',' field_path ')' { $$ = nd_expr_new(A, ND_E_OFFSETOF, @$); $$->texpr = $3; $$->name = $5.s; $$->name_span = @5; }
    | T_OFFSETOF '(' expr ',' field_path ')' { $$ = nd_expr_new(A, ND_E_OFFSETOF, @$); $$->a = $3; $$->name = $5.s; $$->name_span = @5; $$ = deep(p, $$); }
    | T_HAS_FIELD '(' cast_type ',' field_path ')' { $$ = nd_expr_new(A, ND_E_HAS_FIELD, @$); $$->texpr = $3; $$->name = $5.s; $$->name_span = @5; }
    | T_CONTAINER_OF '(' expr ',' cast_type ',' name ')'
                                 { $$ = nd_expr_new(A, ND_E_CONTAINER_OF, @$); $$->a = $3; $$->texpr = $5; $$->name = $7.s; $$->name_span = @7; $$ = deep(p, $$); }
    ;
parts: cname '=' value           { $$ = ND_NEW(A, struct nd_named_list); *ND_PUSH(A, $$) = (struct nd_named){.name = $1.s, .span = @1, .expr = $3}; }
    | parts ',' cname '=' value  { $$ = $1; *ND_PUSH(A, $$) = (struct nd_named){.name = $3.s, .span = @3, .expr = $5}; }
    ;
field_path: name
    | field_path '.' id        { $$.s = nd_arena_printf(A, "%s.%s", $1.s, $3.s); $$.n = 0; }
    ;
exprs: value                     { $$ = ND_NEW(A, struct nd_expr_list); *ND_PUSH(A, $$) = $1; }
    | exprs ',' value            { $$ = $1; *ND_PUSH(A, $$) = $3; }
    ;
value: expr
    | valued
    ;
valued: value_block
    | T_IF expr value_block T_ELSE valued { $$ = nd_expr_new(A, ND_E_COND, @$); $$->a = $2; $$->b = $3; $$->c = $5; $$ = deep(p, $$); }
    ;
value_block: '{' stmts expr '}'  { $$ = nd_expr_new(A, ND_E_BLOCK, @$); $$->body = $2; $$->body->span = @$; $$->a = $3; p->script->expands = true; $$ = deep(p, $$); }
    | '{' stmts '}'              { $$ = nd_expr_new(A, ND_E_BLOCK, @$); $$->body = $2; $$->body->span = @$; p->script->expands = true; }
    ;
args: %empty                     { $$ = ND_NEW(A, struct nd_expr_list); }
    | exprs
    ;

%%

static void yyerror(struct nd_span *span, void *scanner, struct nd_parse *p, const char *msg)
{
    (void)scanner;
    if (!p->stopped)
        nd_error(p->diags, ND_E0109, *span, "the script is nested too deep here (%s)", msg);
    p->stopped = true;
}

// Where any name can stand, `text` is one of them.
static int names(yysymbol_kind_t *expected, int n)
{
    int name = 0, i, k = 0;

    for (i = 0; i < n; i++)
        name |= expected[i] == YYSYMBOL_T_ID;
    for (i = 0; i < n; i++) {
        if (!name || expected[i] != YYSYMBOL_T_TEXT)
            expected[k++] = expected[i];
    }
    return k;
}

static int yyreport_syntax_error(const yypcontext_t *ctx, void *scanner, struct nd_parse *p)
{
    enum { MOST = 6 };
    yysymbol_kind_t expected[MOST];
    yysymbol_kind_t got = yypcontext_token(ctx);
    struct nd_span *span = yypcontext_location(ctx);
    int n = names(expected, yypcontext_expected_tokens(ctx, expected, MOST)), i;
    struct nd_diag *d;

    (void)scanner;
    if (p->stopped || p->reported) {
        p->reported = false;
        return 0;
    }
    if (got == YYSYMBOL_T_ID || got == YYSYMBOL_T_TEXT || got == YYSYMBOL_T_INT || got == YYSYMBOL_T_TYPE)
        d = nd_error(p->diags, ND_E0101, *span, "unexpected '%.*s'", (int)span->len,
                     p->sources->v[p->src].text + span->off);
    else
        d = nd_error(p->diags, ND_E0101, *span, "unexpected %s", yysymbol_name(got));
    for (i = 0; i < n; i++) {
        if (expected[i] == YYSYMBOL_YYerror)
            return 0;
    }
    if (n == 1)
        nd_help(p->diags, d, "expected %s", yysymbol_name(expected[0]));
    else if (n == 2)
        nd_help(p->diags, d, "expected %s or %s", yysymbol_name(expected[0]), yysymbol_name(expected[1]));
    else if (n == 3)
        nd_help(p->diags, d, "expected %s, %s or %s", yysymbol_name(expected[0]),
                yysymbol_name(expected[1]), yysymbol_name(expected[2]));
    return 0;
}

#define ND_EXPR_DEPTH 1000u

static void deeper(uint32_t *depth, const struct nd_expr *e)
{
    if (e && e->depth >= *depth)
        *depth = e->depth + 1;
}

// Records how deep an expression is: the passes after the parser recurse. One that is too deep is
// reported and left out of the tree.
static struct nd_expr *deep(struct nd_parse *p, struct nd_expr *e)
{
    uint32_t depth = 0;

    deeper(&depth, e->a);
    deeper(&depth, e->b);
    deeper(&depth, e->c);
    for (uint32_t i = 0; i < e->args.n; i++)
        deeper(&depth, e->args.v[i]);
    e->depth = depth;
    if (depth <= ND_EXPR_DEPTH)
        return e;
    if (!p->stopped)
        nd_help(p->diags, nd_error(p->diags, ND_E0109, e->span, "this expression nests more than %u operators",
                                   ND_EXPR_DEPTH), "store a part of it in a variable");
    p->stopped = true;
    return nd_expr_new(p->arena, ND_E_ERROR, e->span);
}

static struct nd_expr *binary(struct nd_parse *p, enum nd_op op, struct nd_expr *a, struct nd_expr *b)
{
    return deep(p, nd_expr_binary(p->arena, op, a, b));
}

static struct nd_expr *unary(struct nd_parse *p, enum nd_op op, struct nd_span span, struct nd_expr *a)
{
    return deep(p, nd_expr_unary(p->arena, op, span, a));
}

static struct nd_expr *ident(struct nd_parse *p, struct nd_span s, const char *name)
{
    struct nd_expr *e = nd_expr_new(p->arena, ND_E_IDENT, s);

    if (!strncmp(name, "__builtin_", 10)) // what bpftrace's own macros call them
        name += 10;
    e->name = name;
    e->name_span = s;
    return e;
}

static struct nd_expr *map_expr(struct nd_parse *p, struct nd_span s, const char *name, struct nd_expr_list *keys)
{
    struct nd_expr *e = nd_expr_new(p->arena, ND_E_MAP, s);

    e->name = name;
    if (!keys)
        return e;
    if (keys->n == 1) {
        e->a = keys->v[0];
        return deep(p, e);
    }
    e->a = nd_expr_new(p->arena, ND_E_TUPLE, nd_span_join(keys->v[0]->span, keys->v[keys->n - 1]->span));
    e->a->args = *keys;
    e->a = deep(p, e->a);
    return deep(p, e);
}

// The list with e before it.
static struct nd_expr_list *first(struct nd_parse *p, struct nd_expr *e, const struct nd_expr_list *rest)
{
    struct nd_expr_list *l = ND_NEW(p->arena, struct nd_expr_list);

    *ND_PUSH(p->arena, l) = e;
    for (uint32_t i = 0; i < rest->n; i++)
        *ND_PUSH(p->arena, l) = rest->v[i];
    return l;
}

static void add_decl(struct nd_parse *p, struct nd_decl *d)
{
    *ND_PUSH(p->arena, &p->script->decls) = d;
}
