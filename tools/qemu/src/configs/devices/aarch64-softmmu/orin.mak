# The orin machine and the PCI devices that go with it, and nothing else:
# --with-devices-aarch64=orin --without-default-devices

CONFIG_ORIN=y
CONFIG_NVME_PCI=y
CONFIG_E1000E_PCI_EXPRESS=y
CONFIG_IGB_PCI_EXPRESS=y
CONFIG_PCIE_PORT=y
