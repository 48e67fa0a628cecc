# Everything adit links that it did not write. All but the engine are Debian packages (tools/setup).

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(SQLite3 REQUIRED)
find_package(spdlog REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ICU REQUIRED COMPONENTS uc i18n)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)

# SOCI's Debian package ships no CMake targets that can be relied on.
find_library(SOCI_CORE_LIBRARY soci_core REQUIRED)
find_library(SOCI_SQLITE3_LIBRARY soci_sqlite3 REQUIRED)
find_path(SOCI_INCLUDE_DIR soci/soci.h REQUIRED)
add_library(adit_soci INTERFACE)
target_include_directories(adit_soci SYSTEM INTERFACE ${SOCI_INCLUDE_DIR})
target_link_libraries(adit_soci INTERFACE ${SOCI_CORE_LIBRARY} ${SOCI_SQLITE3_LIBRARY} SQLite::SQLite3)

# The engine: an installed libduckdb with its header, else the pinned one that tools/setup put into .deps/.
# Both come from the same place: a header of one version beside the library of another is chosen in
# third_party/pins.txt and nowhere else.
find_path(DUCKDB_INCLUDE_DIR duckdb.h)
find_library(DUCKDB_LIBRARY duckdb)
if(NOT DUCKDB_INCLUDE_DIR OR NOT DUCKDB_LIBRARY)
  set(engine_folder ${CMAKE_SOURCE_DIR}/.deps/duckdb)
  if(NOT EXISTS ${engine_folder}/include/duckdb.h OR NOT EXISTS ${engine_folder}/lib/libduckdb.so)
    message(FATAL_ERROR "The engine is missing: run tools/setup")
  endif()
  set(DUCKDB_INCLUDE_DIR ${engine_folder}/include CACHE PATH "Folder of duckdb.h" FORCE)
  set(DUCKDB_LIBRARY ${engine_folder}/lib/libduckdb.so CACHE FILEPATH "libduckdb.so" FORCE)
endif()
add_library(adit_engine SHARED IMPORTED)
set_target_properties(adit_engine PROPERTIES
  IMPORTED_LOCATION ${DUCKDB_LIBRARY}
  IMPORTED_NO_SONAME ON
  INTERFACE_INCLUDE_DIRECTORIES ${DUCKDB_INCLUDE_DIR})

# Without GoogleTest the program is built all the same: `make run` installs no test packages.
if(ADIT_TESTS)
  find_package(GTest QUIET)
  if(GTest_FOUND)
    include(GoogleTest)
  else()
    message(STATUS "GoogleTest is not installed (tools/setup test): no tests are built")
    set(ADIT_TESTS OFF)
  endif()
endif()

# Compiled objects are reused between build folders; ccache is used where it is installed.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
