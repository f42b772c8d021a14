// org.varlink.service, the interface every Varlink server has, as text for GetInterfaceDescription. Names and types are
// those of the Varlink documentation (https://varlink.org/Service). Used by server.ts.
export const serviceDescription = `# What every Varlink service tells of itself.
interface org.varlink.service

# Who made this service, and which interfaces it has.
method GetInfo() -> (
  vendor: string,
  product: string,
  version: string,
  url: string,
  interfaces: []string
)

# The description of an interface.
method GetInterfaceDescription(interface: string) -> (description: string)

error InterfaceNotFound (interface: string)
error MethodNotFound (method: string)
error MethodNotImplemented (method: string)
error InvalidParameter (parameter: string)
error PermissionDenied ()
error ExpectedMore ()
`;
