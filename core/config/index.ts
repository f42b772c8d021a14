// The configuration: option table, loading and checking, per-user overlays, reload, generated documents.
export { compareConfigurations, type Comparison } from './compare.ts';
export { parseConfigurationObject, parseSettingsObject } from './configuration-object.ts';
export { formatDiagnostic } from './diagnostics.ts';
export { parseKdcRow, type KdcRow } from './kkdcp.ts';
export { loadConfiguration, parseConfiguration, type Loaded, type LoadOptions } from './load.ts';
export { manualSections, type ManualSection } from './manual.ts';
export { takesSettingsFromRadius } from './methods.ts';
export type { FormerRow, OptionRow, Scope } from './option.ts';
export {
  findOption,
  initialSettings,
  isOptionName,
  optionNames,
  optionTable,
  type OptionName,
  type Settings,
} from './options.ts';
export { namespaceFile } from './network-namespace.ts';
export { applyOverlays, parseOverlay, type ParsedOverlay } from './overlay.ts';
export { packetPathTricks, type PacketPathTrick } from './packet-path.ts';
export {
  formatPortRule,
  formatPorts,
  parsePortRules,
  type PortProtocol,
  type PortRule,
  type PortRules,
} from './ports.ts';
export { sampleConfiguration } from './sample.ts';
export * from './secmod-configuration.ts';
export type { AuthMethod, Configuration, Diagnostic, Overlay, VirtualHost } from './types.ts';
export { parseSelectGroup, type SelectGroup } from './values.ts';
export * from './worker-configuration.ts';
