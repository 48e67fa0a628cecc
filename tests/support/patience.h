// How much longer than usual a test waits.
#pragma once

namespace adit::test {

/// Times a bound that tells a wait from a hang, and no promise of the server. Under ThreadSanitizer server
/// and engines are ten to twenty times slower, more on a busy machine.
#ifdef __SANITIZE_THREAD__
inline constexpr int kPatience = 10;
#else
inline constexpr int kPatience = 1;
#endif

}  // namespace adit::test
