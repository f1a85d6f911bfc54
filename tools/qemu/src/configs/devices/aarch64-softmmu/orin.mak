# The orin machine and nothing else: --with-devices-aarch64=orin

CONFIG_ORIN=y
