// What a commit that the disk has refused leaves behind.
#pragma once

#include "base/result.h"

namespace adit {

/// Whether the effects of a Catalog's call that failed may be there after a restart all the same: the disk
/// refused its commit and would not have it replaced in the log either. Nothing that they need may be removed
/// then.
bool may_come_back(const Error& error);

}  // namespace adit
