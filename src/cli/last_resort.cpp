#include "cli/last_resort.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <exception>
#include <new>
#include <string_view>
#include <system_error>
#include <thread>

#include "report/error_advice.h"

namespace jobferry {

namespace {

// A value that is nested as deep as the reader allows (limits::json_depth) takes up to 1 MB of stack, in
// `verify`, which compares two of them.
constexpr std::size_t enough_stack = 1280U << 10;
constexpr std::size_t stack_of_thread = 2U << 20;
constexpr std::size_t page = 4096;

// One call, so that lines of several threads do not mix. If it fails, nothing can be done.
template <std::size_t parts>
void say(const std::array<std::string_view, parts>& text) {
  std::array<iovec, parts> pieces;
  for (std::size_t i = 0; i < parts; ++i) pieces[i] = {const_cast<char*>(text[i].data()), text[i].size()};
  [[maybe_unused]] const ssize_t said = ::writev(STDERR_FILENO, pieces.data(), static_cast<int>(parts));
}

[[noreturn]] void end() noexcept {
  try {
    if (const auto thrown = std::current_exception()) std::rethrow_exception(thrown);
    say<1>({"jobferry: internal: a defect of jobferry: std::terminate was called\n"});
  } catch (const std::bad_alloc&) {
    report_out_of_memory();
  } catch (const std::exception& error) {
    say<3>({"jobferry: internal: a defect of jobferry: ", error.what(), "\n"});
  } catch (...) {
    say<1>({"jobferry: internal: a defect of jobferry: an exception of unknown type\n"});
  }
  ::_exit(1);
}

// Touches each page of the stack once, from the top down, as a stack grows.
[[gnu::noinline]] void touch_stack() {
  [[maybe_unused]] volatile char block[enough_stack];
  for (std::size_t at = enough_stack; at >= page; at -= page) block[at - page] = 0;
}

// Not with sanitizers, which make stack frames several times as large.
void bound_stacks_of_threads() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  pthread_attr_t attributes;
  if (::pthread_attr_init(&attributes) != 0) return;
  if (::pthread_attr_setstacksize(&attributes, stack_of_thread) == 0)
    (void)::pthread_setattr_default_np(&attributes);
  ::pthread_attr_destroy(&attributes);
#endif
}

bool has_memory(std::size_t bytes) {
  void* probe = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (probe == MAP_FAILED) return false;
  ::munmap(probe, bytes);
  return true;
}

}  // namespace

void install_last_resort() { std::set_terminate(end); }

void report_out_of_memory() {
  say<3>(
      {"jobferry: out-of-resources: out of memory\n  What to do: ", advice_on(Kind::out_of_resources), "\n"});
}

bool run_with_stack(const std::function<void()>& command) {
  bound_stacks_of_threads();
  rlimit limit{};
  const bool known = ::getrlimit(RLIMIT_STACK, &limit) == 0;
  if (!known || limit.rlim_cur >= stack_of_thread) {
    // The pages are taken now, while there is memory.
    if (!has_memory(enough_stack + 16 * page)) return false;
    touch_stack();
    command();
    return true;
  }
  try {
    std::thread(command).join();
  } catch (const std::system_error&) {
    command();  // no thread can be started; hardly any archive needs the larger stack
  }
  return true;
}

}  // namespace jobferry
