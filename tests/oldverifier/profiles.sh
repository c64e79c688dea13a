# SPDX-License-Identifier: GPL-2.0-or-later
# What Linux 4.19 (with BTF made by pahole) and a vendor's 5.4 lack, as names of docs/kernels.md.
V4_19=ringbuf,globals,mmap,loops,jmp32,probe_read_kernel,boot_clock,tai_clock,tp_btf,fentry,kprobe_multi,func_ip,module_btf,test_run,perf_link,map_batch,pidfd,atomics,global_func,iter,ns_pid,results,btf_trace,btf_names,percpu_read,each_elem
V5_4=ringbuf,globals,mmap,probe_read_kernel,boot_clock,tai_clock,tp_btf,fentry,kprobe_multi,func_ip,module_btf,test_run,perf_link,map_batch,atomics,global_func,iter,ns_pid,results,btf_names,percpu_read,each_elem
