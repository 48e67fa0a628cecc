// Passwords that are guessed side by side.
#pragma once

#include <functional>
#include <string>

namespace adit::test {

/// Guesses fifty passwords at once, each on a thread of its own, and expects that no more of them are looked
/// at than if they came one after another; the others are told to wait (429) or to come again (503). `guess`
/// sends one and gives the status of the answer, which is `wrong` for one that was looked at.
void expect_guesses_at_once_are_held(const std::function<int(const std::string& password)>& guess, int wrong);

}  // namespace adit::test
