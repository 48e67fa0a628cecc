// How many descriptors the process may have, and what that means for its connections.
#pragma once

#include <cstddef>

namespace adit {

/// Raises the soft limit to the hard one; what may be had now. The soft one is 1024 on many systems only
/// because programs that use select() can't take more.
std::size_t raise_descriptors_max();

/// How many connections `descriptors` are enough for: each may have a chunk file besides its socket, and the
/// engine's pools, the catalog and the log need theirs. At least 1.
std::size_t connections_for(std::size_t descriptors, std::size_t pools_open_max);

}  // namespace adit
