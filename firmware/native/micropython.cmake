add_library(usermod_tsme INTERFACE)
target_sources(usermod_tsme INTERFACE ${CMAKE_CURRENT_LIST_DIR}/encode.c)
target_link_libraries(usermod INTERFACE usermod_tsme)
include(${CMAKE_CURRENT_LIST_DIR}/../../native_modules/usermod/micropython.cmake)
