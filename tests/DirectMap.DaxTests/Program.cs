using DirectMap;

const string Usage = """
    What of DirectMap needs persistent memory. Made for the machine that run-in-vm.sh boots; the folder must be on DAX, and may be filled.

      check FOLDER GRANULARITY sync|nosync REASON   all cases: GRANULARITY (Byte, CacheLine, Page) is what a region must have,
                                                    sync whether it must be mapped with MAP_SYNC,
                                                    REASON a part of why the granularity is not smaller (nothing for Byte)
      without FOLDER                                the folder is not on DAX: what is refused, and why
      store FOLDER                                  stores to files, and resets the machine (sysrq b) without writing anything back
      verify FOLDER                                 after that: what is there
    """;

switch (args)
{
    case ["check", string folder, string granularity, "sync" or "nosync", string reason]:
        return Runner.Run(
            new Setting(folder, Enum.Parse<PersistGranularity>(granularity), args[3] == "sync", reason),
            [.. MappingCases.All, .. PersistenceCases.All, .. LossCases.All, .. PolicyCases.All]);
    case ["without", string folder]:
        return Runner.Run(new Setting(folder, PersistGranularity.Page, IsSync: false, "no DAX"), WithoutDaxCases.All);
    case ["store", string folder]:
        Survival.Store(folder);
        return 1; // The machine has not been reset.
    case ["verify", string folder]:
        return Runner.Run(new Setting(folder, PersistGranularity.CacheLine, IsSync: true, ""), Survival.All);
    default:
        Console.Error.WriteLine(Usage);
        return 2;
}
