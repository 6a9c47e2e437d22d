using DirectMap.Tests.Backings;
using DirectMap.Tests.Durability;
using DirectMap.Tests.Files;
using DirectMap.Tests.Inodes;
using DirectMap.Tests.Layout;
using DirectMap.Tests.Pipelines;
using DirectMap.Tests.Regions;

namespace DirectMap.Tests;

// The contract's tests, over both backings. What the portable one does not promise is skipped there, with the reason.

public sealed class LeaseTestsOnLinux() : Files.LeaseTests(FileBackingKind.Linux);

public sealed class LeaseTestsPortably() : Files.LeaseTests(FileBackingKind.Portable);

public sealed class LeaseRangeTestsOnLinux() : Files.LeaseRangeTests(FileBackingKind.Linux);

public sealed class LeaseRangeTestsPortably() : Files.LeaseRangeTests(FileBackingKind.Portable);

public sealed class OutsidePartyTestsOnLinux() : Files.OutsidePartyTests(FileBackingKind.Linux);

public sealed class OutsidePartyTestsPortably() : Files.OutsidePartyTests(FileBackingKind.Portable);

public sealed class PartyLifeTestsOnLinux() : Files.PartyLifeTests(FileBackingKind.Linux);

public sealed class PartyLifeTestsPortably() : Files.PartyLifeTests(FileBackingKind.Portable);

public sealed class ProtectionTestsOnLinux() : Regions.ProtectionTests(FileBackingKind.Linux);

public sealed class ProtectionTestsPortably() : Regions.ProtectionTests(FileBackingKind.Portable);

public sealed class OperationTestsOnLinux() : Files.OperationTests(FileBackingKind.Linux);

public sealed class OperationTestsPortably() : Files.OperationTests(FileBackingKind.Portable);

public sealed class OperationErrorTestsOnLinux() : Files.OperationErrorTests(FileBackingKind.Linux);

public sealed class OperationErrorTestsPortably() : Files.OperationErrorTests(FileBackingKind.Portable);

public sealed class LayoutCountTestsOnLinux() : Files.LayoutCountTests(FileBackingKind.Linux);

public sealed class LayoutCountTestsPortably() : Files.LayoutCountTests(FileBackingKind.Portable);

public sealed class CreateTestsOnLinux() : Backings.CreateTests(FileBackingKind.Linux);

public sealed class CreateTestsPortably() : Backings.CreateTests(FileBackingKind.Portable);

public sealed class AddressSpaceTestsOnLinux() : Files.AddressSpaceTests(FileBackingKind.Linux);

public sealed class AddressSpaceTestsPortably() : Files.AddressSpaceTests(FileBackingKind.Portable);

public sealed class OpenTestsOnLinux() : Inodes.OpenTests(FileBackingKind.Linux);

public sealed class OpenTestsPortably() : Inodes.OpenTests(FileBackingKind.Portable);

public sealed class MapEntryTestsOnLinux() : Files.MapEntryTests(FileBackingKind.Linux);

public sealed class MapEntryTestsPortably() : Files.MapEntryTests(FileBackingKind.Portable);

public sealed class MapRangeTestsOnLinux() : Files.MapRangeTests(FileBackingKind.Linux);

public sealed class MapRangeTestsPortably() : Files.MapRangeTests(FileBackingKind.Portable);

public sealed class BreakAsyncTestsOnLinux() : Regions.BreakAsyncTests(FileBackingKind.Linux);

public sealed class BreakAsyncTestsPortably() : Regions.BreakAsyncTests(FileBackingKind.Portable);

public sealed class OrdinaryMappingTestsOnLinux() : Files.OrdinaryMappingTests(FileBackingKind.Linux);

public sealed class OrdinaryMappingTestsPortably() : Files.OrdinaryMappingTests(FileBackingKind.Portable);

public sealed class AccessTestsOnLinux() : Regions.AccessTests(FileBackingKind.Linux);

public sealed class AccessTestsPortably() : Regions.AccessTests(FileBackingKind.Portable);

public sealed class RevocationTestsOnLinux() : Regions.RevocationTests(FileBackingKind.Linux);

public sealed class RevocationTestsPortably() : Regions.RevocationTests(FileBackingKind.Portable);

public sealed class ScopeTestsOnLinux() : Regions.ScopeTests(FileBackingKind.Linux);

public sealed class ScopeTestsPortably() : Regions.ScopeTests(FileBackingKind.Portable);

public sealed class PersistTestsOnLinux() : Durability.PersistTests(FileBackingKind.Linux);

public sealed class PersistTestsPortably() : Durability.PersistTests(FileBackingKind.Portable);

public sealed class AccessCheckTestsOnLinux() : Layout.AccessCheckTests(FileBackingKind.Linux);

public sealed class AccessCheckTestsPortably() : Layout.AccessCheckTests(FileBackingKind.Portable);

public sealed class AllocatingStoreTestsOnLinux() : Layout.AllocatingStoreTests(FileBackingKind.Linux);

public sealed class AllocatingStoreTestsPortably() : Layout.AllocatingStoreTests(FileBackingKind.Portable);

public sealed class CopyTestsOnLinux() : Regions.CopyTests(FileBackingKind.Linux);

public sealed class CopyTestsPortably() : Regions.CopyTests(FileBackingKind.Portable);

public sealed class AliasedCopyTestsOnLinux() : Regions.AliasedCopyTests(FileBackingKind.Linux);

public sealed class AliasedCopyTestsPortably() : Regions.AliasedCopyTests(FileBackingKind.Portable);

public sealed class CompareExchangeTestsOnLinux() : Regions.CompareExchangeTests(FileBackingKind.Linux);

public sealed class CompareExchangeTestsPortably() : Regions.CompareExchangeTests(FileBackingKind.Portable);

public sealed class AtomicsTestsOnLinux() : Regions.AtomicsTests(FileBackingKind.Linux);

public sealed class AtomicsTestsPortably() : Regions.AtomicsTests(FileBackingKind.Portable);

public sealed class MemoryTestsOnLinux() : Regions.MemoryTests(FileBackingKind.Linux);

public sealed class MemoryTestsPortably() : Regions.MemoryTests(FileBackingKind.Portable);

public sealed class SequenceTestsOnLinux() : Regions.SequenceTests(FileBackingKind.Linux);

public sealed class SequenceTestsPortably() : Regions.SequenceTests(FileBackingKind.Portable);

public sealed class PersistAsyncTestsOnLinux() : Durability.PersistAsyncTests(FileBackingKind.Linux);

public sealed class PersistAsyncTestsPortably() : Durability.PersistAsyncTests(FileBackingKind.Portable);

public sealed class RegionReaderTestsOnLinux() : Pipelines.RegionReaderTests(FileBackingKind.Linux);

public sealed class RegionReaderTestsPortably() : Pipelines.RegionReaderTests(FileBackingKind.Portable);

public sealed class RegionStreamTestsOnLinux() : Pipelines.RegionStreamTests(FileBackingKind.Linux);

public sealed class RegionStreamTestsPortably() : Pipelines.RegionStreamTests(FileBackingKind.Portable);

public sealed class RegionWriterTestsOnLinux() : Pipelines.RegionWriterTests(FileBackingKind.Linux);

public sealed class RegionWriterTestsPortably() : Pipelines.RegionWriterTests(FileBackingKind.Portable);

public sealed class LogAppenderTestsOnLinux() : Logs.LogAppenderTests(FileBackingKind.Linux);

public sealed class LogAppenderTestsPortably() : Logs.LogAppenderTests(FileBackingKind.Portable);

public sealed class LogAttachTestsOnLinux() : Logs.LogAttachTests(FileBackingKind.Linux);

public sealed class LogAttachTestsPortably() : Logs.LogAttachTests(FileBackingKind.Portable);

public sealed class LogAppenderRaceTestsOnLinux() : Logs.LogAppenderRaceTests(FileBackingKind.Linux);

public sealed class LogAppenderRaceTestsPortably() : Logs.LogAppenderRaceTests(FileBackingKind.Portable);

public sealed class AppenderClaimTestsOnLinux() : AppenderClaimTests(FileBackingKind.Linux);

public sealed class AppenderClaimTestsPortably() : AppenderClaimTests(FileBackingKind.Portable);

public sealed class FullWriterTestsOnLinux() : Pipelines.FullWriterTests(FileBackingKind.Linux);

public sealed class FullWriterTestsPortably() : Pipelines.FullWriterTests(FileBackingKind.Portable);

public sealed class MapErrorTestsOnLinux() : Backings.MapErrorTests(FileBackingKind.Linux);

public sealed class MapErrorTestsPortably() : Backings.MapErrorTests(FileBackingKind.Portable);

public sealed class FileShareTestsOnLinux() : Files.FileShareTests(FileBackingKind.Linux);

public sealed class FileShareTestsPortably() : Files.FileShareTests(FileBackingKind.Portable);

public sealed class ProbeTestsOnLinux() : Files.ProbeTests(FileBackingKind.Linux);

public sealed class ProbeTestsPortably() : Files.ProbeTests(FileBackingKind.Portable);

public sealed class ReadAsyncTestsOnLinux() : Files.ReadAsyncTests(FileBackingKind.Linux);

public sealed class ReadAsyncTestsPortably() : Files.ReadAsyncTests(FileBackingKind.Portable);

public sealed class OpenAsyncTestsOnLinux() : Files.OpenAsyncTests(FileBackingKind.Linux);

public sealed class OpenAsyncTestsPortably() : Files.OpenAsyncTests(FileBackingKind.Portable);
