// `adit doctor --rebuild`.
#pragma once

#include "app/options.h"

namespace adit {

ExitCode run_rebuild(const DoctorOptions& options);

}  // namespace adit
