# One target per folder of src/, so that a wrong include does not link.

add_library(adit_options INTERFACE)
target_include_directories(adit_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(adit_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Werror=return-type -Werror=unused-result -fno-omit-frame-pointer)
target_compile_definitions(adit_options INTERFACE ADIT_VERSION="${PROJECT_VERSION}")
target_link_libraries(adit_options INTERFACE Threads::Threads)

if(ADIT_SANITIZER STREQUAL "address")
  target_compile_options(adit_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined)
  target_link_options(adit_options INTERFACE -fsanitize=address,undefined)
elseif(ADIT_SANITIZER STREQUAL "thread")
  target_compile_options(adit_options INTERFACE -fsanitize=thread)
  target_link_options(adit_options INTERFACE -fsanitize=thread)
elseif(ADIT_SANITIZER)
  message(FATAL_ERROR "ADIT_SANITIZER is address, thread or empty, not ${ADIT_SANITIZER}")
endif()

if(ADIT_FUZZ)
  target_compile_options(adit_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# adit_library(<folder> SOURCES … LINKS …): the static library adit_<folder>.
# LINKS name what its headers and sources may include; nothing else is on its include path but src/.
function(adit_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(adit_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(adit_${name} PUBLIC adit_options ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
endfunction()

# adit_test_bounds(<variable> <seconds>): properties of a test that may take so long. Under ThreadSanitizer it may take ten times
# as long; and what that finds in a process of an engine changes no outcome, but stands in the output.
function(adit_test_bounds variable seconds)
  set(bounds TIMEOUT ${seconds})
  if(ADIT_SANITIZER STREQUAL "thread")
    math(EXPR seconds "10 * ${seconds}")
    set(bounds TIMEOUT ${seconds} FAIL_REGULAR_EXPRESSION "WARNING:.ThreadSanitizer")
  endif()
  set(${variable} ${bounds} PARENT_SCOPE)
endfunction()

# Tests spend their time in the program; optimising their own code would be a third of a release build.
function(adit_compile_quickly name)
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O0>)
endfunction()

# adit_test(<name> SOURCES … LINKS … [LABELS …] [TIMEOUT s]): a GoogleTest binary, one CTest entry per test case.
function(adit_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINKS;LABELS" ${ARGN})
  if(NOT ADIT_TESTS)
    return()
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  adit_compile_quickly(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} GTest::gtest GTest::gtest_main)
  adit_test_bounds(properties ${ARG_TIMEOUT})
  if(ARG_LABELS)
    list(APPEND properties LABELS "${ARG_LABELS}")
  endif()
  gtest_discover_tests(${name} NO_PRETTY_VALUES DISCOVERY_TIMEOUT 60 PROPERTIES ${properties})
endfunction()
