// How a write to the catalog must survive.
#pragma once

namespace adit {

/// How a write must survive.
enum class Durability {
  kFull,     ///< on disk when the call returns; for everything a client was told
  kRelaxed,  ///< whole or absent after a power cut; for what recovery can find out again
};

}  // namespace adit
