" Vim syntax file of ndtrace scripts, made by docs/editors/generate.sh.
if exists("b:current_syntax")
  finish
endif
syn keyword ndtraceKeyword BEGIN END _Atomic __bitwise __const __force __iomem __kernel __percpu __private __rcu __restrict __user __volatile__ alias asc begin break by const container_of continue desc each else end enum event every false fn for has_field if in keep let limit offsetof on option path positional probe register renamed required restrict return sample send sizeof sorted stage struct text timeout true try typedef union unroll use volatile when while
syn keyword ndtraceType _Bool __be16 __be32 __be64 __kernel_size_t __le16 __le32 __le64 __s16 __s32 __s64 __s8 __sum16 __u16 __u32 __u64 __u8 __wsum bool char clockid_t dev_t double float fmode_t gfp_t gid_t i16 i32 i64 i8 int int16 int16_t int32 int32_t int64 int64_t int8 int8_t intptr_t key_t ktime_t loff_t long mode_t off_t pid_t s16 s32 s64 s8 sector_t short signed size_t ssize_t string time64_t time_t u16 u32 u64 u8 u_char u_int u_int16_t u_int32_t u_int64_t u_int8_t u_long u_short uid_t uint uint16 uint16_t uint32 uint32_t uint64 uint64_t uint8 uint8_t uintptr_t ulong umode_t unsigned ushort void ip prefix mac port proto ifname netns time duration kstack ustack ksym usym buf
syn keyword ndtraceBuiltin abs args assert avg bswap buf ceil cgroup cgroup_path cgroupid clear comm count cpid cpu ctx curtask debugf delete depth device_kind dist elapsed ending ends_with errorf exit fail false file_error file_line file_lines find floor folded frame frames func get_be get_ip get_mac get_num gid has has_cpid has_func has_key has_param hist ifindex ifname inner_id interval ip is_array is_err is_integer is_literal is_ptr is_str is_unsigned_integer jiffies join json kaddr kernel_at_least kptr kstack ksym len lhist link_stat log2 losses lost lower mac macaddr max memcmp min ncpus netns nsecs ntop num numaid opt p50 p90 p95 p99 p999 packet_id pad path_count pcomm percpu_kaddr pid pkt ppid prefix print printf probe probetype process_name pton rand reg repeat report retval round row_count row_high row_low rows signal_name socket_cookie source_line source_lines sprintf sqrt starts_with static_assert stats str strcap strcontains strerror strftime strlen strncasecmp strncmp strstr substr sum syscall_name table threads tid time top true tseries uid upper uptr usermode username ustack usym vm_name vm_tap warn warnf word word_column zero
syn match ndtraceProbe "\<\%(tracepoint\|t\|rawtracepoint\|raw_tp\|rt\|tp_btf\|kprobe\|k\|kretprobe\|kr\|fentry\|kfunc\|f\|fexit\|kretfunc\|fr\|func\|funcret\|uprobe\|u\|uretprobe\|ur\|usdt\|U\|profile\|p\|interval\|i\|iter\|it\|software\|s\|hardware\|h\|watchpoint\|w\|self\):[^ \t,{}/]\+"
syn match ndtraceMap "@[A-Za-z_0-9]*"
syn match ndtraceVariable "\$[A-Za-z_0-9#]\+"
syn match ndtraceNumber "\<\%(0x[0-9a-fA-F_]\+\|[0-9][0-9_]*\%(\.[0-9]\+\)\=\)\%(ns\|us\|ms\|s\|m\|h\|d\|[kKMG]i\=B\=\|[uUlL]\+\)\=\>"
syn region ndtraceString start=+"+ skip=+\\\\\|\\"+ end=+"+ contains=ndtraceFormat
syn match ndtraceFormat contained "%[-+ 0#]*\*\=[0-9]*\%(\.[0-9]\+\)\=[hlzjt]*[a-zA-Z%]"
syn match ndtraceComment "//.*$" contains=ndtraceTodo
syn region ndtraceComment start="/\*" end="\*/" contains=ndtraceTodo
syn match ndtracePreProc "^\s*#.*$"
syn keyword ndtraceTodo contained TODO FIXME XXX
hi def link ndtraceKeyword Statement
hi def link ndtraceType Type
hi def link ndtraceBuiltin Function
hi def link ndtraceProbe PreProc
hi def link ndtraceMap Identifier
hi def link ndtraceVariable Identifier
hi def link ndtraceNumber Number
hi def link ndtraceString String
hi def link ndtraceFormat Special
hi def link ndtraceComment Comment
hi def link ndtracePreProc PreProc
hi def link ndtraceTodo Todo
let b:current_syntax = "ndtrace"
