# The core in firmware of a port that builds with CMake: USER_C_MODULES=/path/to/this/file.
set(TSME_NATIVE ${CMAKE_CURRENT_LIST_DIR}/..)
file(GLOB TSME_CORE CONFIGURE_DEPENDS ${TSME_NATIVE}/tsme_core/tsme_*.c)
list(SORT TSME_CORE)
add_library(usermod_tsme_core INTERFACE)
target_sources(usermod_tsme_core INTERFACE ${CMAKE_CURRENT_LIST_DIR}/module.c ${TSME_CORE})
target_include_directories(usermod_tsme_core INTERFACE ${TSME_NATIVE}/tsme_core)
target_link_libraries(usermod INTERFACE usermod_tsme_core)
