using System.Text;
using DirectMap;

/// <summary>A log that is appended to, opened again and read.</summary>
internal static class LogCheck
{
    internal static bool Passes(IDirectFileFactory files, string path)
    {
        using (DirectFile file = files.Create(path, 1 << 20))
        using (MappedRegion region = file.Map(MapOptions.DirectOrEmulated))
        using (PersistentLog log = PersistentLog.Create(region))
        {
            log.Append("first"u8);
            log.AppendBatch(["second"u8.ToArray(), "third"u8.ToArray()]);
        }

        using DirectFile again = files.Open(path);
        using MappedRegion mapped = again.Map(MapOptions.DirectOrEmulated);
        using PersistentLog opened = PersistentLog.Open(mapped);
        StringBuilder read = new();
        foreach (PersistentLogEntry entry in opened.Read())
        {
            read.Append($" {entry.Sequence}:{Encoding.UTF8.GetString(entry.Bytes.Span)}");
        }

        Console.WriteLine($"the log has{read}");
        return read.ToString() == " 1:first 2:second 3:third";
    }
}
