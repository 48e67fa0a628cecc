// The filter of system calls.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <vector>

#include "base/file.h"
#include "warehouse/host/confinement.h"

namespace adit {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "name the architecture of the system calls"
#endif

constexpr std::array kRefused{
    // the network, and whatever else a socket reaches
    SYS_socket,
    SYS_socketpair,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
    // other programs and processes
    SYS_execve,
    SYS_execveat,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_pidfd_open,
    SYS_pidfd_getfd,
    SYS_pidfd_send_signal,
    SYS_kcmp,
    SYS_process_madvise,
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
    SYS_setpgid,
    SYS_setsid,
    // the file system's shape, and ways around paths
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_move_mount,
    SYS_open_tree,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_mount_setattr,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    SYS_mknodat,
    SYS_quotactl,
    // namespaces, identity
    SYS_unshare,
    SYS_setns,
    SYS_setuid,
    SYS_setgid,
    SYS_setreuid,
    SYS_setregid,
    SYS_setresuid,
    SYS_setresgid,
    SYS_setgroups,
    SYS_setfsuid,
    SYS_setfsgid,
    SYS_capset,
    // the kernel and the machine
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_syslog,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_adjtimex,
    SYS_clock_adjtime,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_vhangup,
    SYS_fanotify_init,
    SYS_personality,
    SYS_lookup_dcookie,
#if defined(__x86_64__)
    SYS_fork,
    SYS_vfork,
    SYS_mknod,
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
    SYS_kexec_file_load,
#endif
};

using Program = std::vector<sock_filter>;

void load(Program& program, std::size_t offset) {
  program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
}
void finish(Program& program, std::uint32_t action) { program.push_back(BPF_STMT(BPF_RET | BPF_K, action)); }
/// Runs the next `count` instructions only when what was loaded equals `value`.
void when_equal(Program& program, std::uint32_t value, std::uint8_t count) {
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count));
}
std::uint32_t error(int number) { return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(number); }
constexpr std::size_t argument(std::size_t place) {
  return offsetof(seccomp_data, args) + place * sizeof(std::uint64_t);
}

/// Allowed only towards this process itself, as abort() needs it.
void only_to_self(Program& program, long call) {
  when_equal(program, static_cast<std::uint32_t>(call), 4);
  load(program, argument(0));
  when_equal(program, static_cast<std::uint32_t>(::getpid()), 1);
  finish(program, SECCOMP_RET_ALLOW);
  finish(program, error(EPERM));
}

Program make_filter() {
  Program program;
  load(program, offsetof(seccomp_data, arch));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0));
  finish(program, SECCOMP_RET_KILL_PROCESS);
  load(program, offsetof(seccomp_data, nr));
#if defined(__x86_64__)
  // Numbers of the x32 interface are other names of the same calls.
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000U, 0, 1));
  finish(program, error(ENOSYS));
#endif
  for (const auto call : kRefused) {
    when_equal(program, static_cast<std::uint32_t>(call), 1);
    finish(program, error(EPERM));
  }
  // Threads, but no processes. What clone3 is asked for stands in memory, where a filter can't look: the C
  // library takes clone where there is no clone3.
  when_equal(program, SYS_clone3, 1);
  finish(program, error(ENOSYS));
  when_equal(program, SYS_clone, 4);
  load(program, argument(0));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1));
  finish(program, SECCOMP_RET_ALLOW);
  finish(program, error(EPERM));
  only_to_self(program, SYS_kill);
  only_to_self(program, SYS_tgkill);
  when_equal(program, SYS_tkill, 1);
  finish(program, error(EPERM));
  finish(program, SECCOMP_RET_ALLOW);
  return program;
}

}  // namespace

Result<void> confine_calls() {
  auto filter = make_filter();
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return system_error(errno, "PR_SET_NO_NEW_PRIVS");
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
    return system_error(errno, "seccomp");
  return {};
}

}  // namespace adit
