using DirectMap.Logs;

namespace DirectMap.Tests.Logs;

/// <summary>What is still there of a log, without an opening for writing.</summary>
public sealed class LogInspectionTests : LogFollowerTest
{
    private const int RecordSize = 64;

    [Fact]
    public void It_finds_what_an_opening_finds()
    {
        PersistentLog log = Write();
        Append(log, 5);
        log.Dispose();

        PersistentLogInspection inspection = PersistentLogInspection.Of(MapForReading());

        Assert.Equal($"{PersistentLog.Open(Writable).Recovery}", $"{inspection.Recovery}");
        Assert.Equal(Range(1, 5), inspection.Read().Select(entry => entry.Sequence));
        Assert.Empty(inspection.LeftOver);
        Assert.Empty(inspection.ReadLeftOver());
    }

    /// <summary>The places of records that were lost at the end count, too.</summary>
    [Fact]
    public void It_finds_what_an_opening_leaves_that_cuts()
    {
        PersistentLog log = Write();
        Append(log, 5);
        log.Dispose();
        Damage(2);
        Damage(4);
        Damage(5);

        PersistentLogInspection inspection = PersistentLogInspection.Of(MapForReading());

        using PersistentLog opened = PersistentLog.Open(Writable, new PersistentLogOptions { CutAtDamage = true });
        Assert.Equal($"{opened.Recovery}", $"{inspection.Recovery}");
        Assert.Equal(5 * RecordSize, inspection.Recovery.Length);
        Assert.Equal(opened.Capacity - opened.FreeBytes, inspection.Recovery.Length);
    }

    [Fact]
    public void What_is_whole_behind_damage_is_read_and_the_file_stays_as_it_was()
    {
        PersistentLog log = Write();
        Append(log, 6);
        log.Dispose();
        Damage(3);
        Damage(4);
        byte[] before = File.ReadAllBytes(LogPath);

        PersistentLogInspection inspection = PersistentLogInspection.Of(MapForReading());

        Assert.Equal(PersistentLogStop.Damage, inspection.Recovery.StoppedAt);
        Assert.Equal([new PersistentLogGap(3, 4)], inspection.Recovery.Lost);
        Assert.Equal([1, 2, 5, 6], inspection.Read().Select(entry => BitConverter.ToInt64(entry.Bytes.Span)));
        Assert.Equal(before, File.ReadAllBytes(LogPath));
        Assert.Equal(PersistentLogError.Damaged, Assert.Throws<PersistentLogException>(() => PersistentLog.Open(Writable)).Error);
    }

    /// <summary>Of three records that were stored together the first one is torn.</summary>
    [Fact]
    public void What_an_opening_would_cut_is_read_before_it_does()
    {
        PersistentLog log = Write();
        Append(log, 1);
        log.AppendBatch([Record(2), Record(3), Record(4)]);
        byte[] crashed = File.ReadAllBytes(LogPath);
        log.Dispose();
        Restore(crashed);
        Damage(2);

        PersistentLogInspection inspection = PersistentLogInspection.Of(MapForReading());

        Assert.Equal(PersistentLogStop.TornRecord, inspection.Recovery.StoppedAt);
        Assert.Equal([1], inspection.Read().Select(entry => entry.Sequence));
        Assert.Equal([new PersistentLogRun(3, 4)], inspection.LeftOver);
        Assert.Equal([3, 4], inspection.ReadLeftOver().Select(entry => BitConverter.ToInt64(entry.Bytes.Span)));
        PersistentLog.Open(Writable).Dispose();
        Assert.Empty(PersistentLogInspection.Of(MapForReading()).LeftOver);
    }

    /// <summary>The header is a former one again, as on a device that lost what was written to it last.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_belongs_to_a_newer_state_of_the_header_that_is_lost_is_read_before_an_opening_stores_over_it(bool isBroken)
    {
        PersistentLog log = Write();
        Append(log, 3);
        log.Dispose();
        byte[] former = File.ReadAllBytes(LogPath)[..(int)LogStatusPage.Offset];
        log = Write();
        Append(log, 5);
        log.Dispose();
        log = Write();
        Append(log, 2);
        log.Dispose();
        Restore(former);
        PersistentLogRun[] runs = [new(4, 10)];
        if (isBroken)
        {
            Damage(6);
            runs = [new(4, 5), new(7, 10)];
        }

        PersistentLogInspection inspection = PersistentLogInspection.Of(MapForReading());

        Assert.Equal((3, PersistentLogStop.Damage), (inspection.Recovery.LastSequence, inspection.Recovery.StoppedAt));
        Assert.Equal([1, 2, 3], inspection.Read().Select(entry => BitConverter.ToInt64(entry.Bytes.Span)));
        Assert.Equal(runs, inspection.LeftOver);
        Assert.Equal(
            runs.SelectMany(run => Range(run.FirstSequence, run.LastSequence)),
            inspection.ReadLeftOver().Select(entry => BitConverter.ToInt64(entry.Bytes.Span)));
        using PersistentLog opened = PersistentLog.Open(Writable, new PersistentLogOptions { CutAtDamage = true });
        Assert.Equal(4, opened.Append(Record(4)));
    }

    /// <summary>A ring that has gone around since: the place where the former state's first record was has a later one.</summary>
    [Fact]
    public void What_a_later_lap_of_a_ring_has_stored_is_read_where_the_header_of_a_former_one_is_left()
    {
        PersistentLog log = Write(Ring);
        Append(log, 3);
        log.Dispose();
        byte[] former = File.ReadAllBytes(LogPath)[..(int)LogStatusPage.Offset];
        log = Write(Ring);
        Append(log, 100);
        (long first, long last) = (log.FirstSequence, log.LastSequence);
        Assert.True(first > 3);
        log.Dispose();
        Restore(former);

        PersistentLogInspection inspection = PersistentLogInspection.Of(MapForReading(), Ring);

        Assert.Equal(PersistentLogStop.Damage, inspection.Recovery.StoppedAt);
        long[] left = [.. inspection.ReadLeftOver().Select(entry => BitConverter.ToInt64(entry.Bytes.Span)).Order()];
        Assert.Equal(Range(left[0], last), left);
        Assert.True(left[0] <= first);
    }

    [Fact]
    public void A_follower_reads_on_behind_damage_if_it_is_told_to_and_otherwise_is_told()
    {
        PersistentLog log = Write();
        Append(log, 5);
        log.Dispose();
        Damage(2);
        Damage(5);
        PersistentLogReader reader = Follow(new PersistentLogOptions { CutAtDamage = true }).Read(), strict = Follow().Read();

        Assert.True(reader.MoveNext() && strict.MoveNext());
        Assert.Equal(1, Assert.Throws<PersistentLogException>(() => reader.MoveNext()).Missed);
        Assert.Equal(0, Assert.Throws<PersistentLogException>(() => strict.MoveNext()).Missed);
        Assert.True(reader.MoveNext() && reader.MoveNext());
        Assert.Equal(4, reader.Current.Sequence);
        Assert.Equal(1, Assert.Throws<PersistentLogException>(() => reader.MoveNext()).Missed);
        Assert.False(reader.MoveNext());
    }

    /// <summary>The bytes of a record are no count of lost ones, though one bit of its head says that it is a mark.</summary>
    [Fact]
    public void A_follower_that_reads_on_does_not_believe_a_mark_that_is_not_whole()
    {
        PersistentLog log = Write();
        for (int i = 1; i <= 6; i++)
        {
            log.Append(Record(long.MaxValue - i));
        }

        log.Dispose();
        long mark = LogHeader.AreaOffset + (2 * RecordSize) + (2 * sizeof(ulong));
        Writable.Write(mark, Writable.Read<long>(mark) ^ (1L << 24));
        Damage(5);

        (long[] read, long[] missed) = ReadOn();
        Assert.Equal([1, 2, 4, 6], read);
        Assert.Equal([1, 1], missed);
        PersistentLogReader reader = Follow(new PersistentLogOptions { CutAtDamage = true }).Read(6);
        Assert.True(reader.MoveNext());
        Assert.Equal(6, reader.Current.Sequence);
    }

    /// <summary>What is lost may depend on where one begins to look, where whole records are in each other's places.</summary>
    [Fact]
    public void A_follower_that_reads_on_goes_on_whatever_is_damaged()
    {
        for (int seed = 0; seed < 400; seed++)
        {
            Random random = new(seed);
            PersistentLogOptions options = new() { RecordAlignment = random.GetItems([8, 64, 512], 1)[0], IsRing = random.Next(2) == 0 };
            using (PersistentLog log = PersistentLog.Create(Writable, options))
            {
                for (int i = random.Next(200); i > 0 && (options.IsRing || log.FreeBytes > 4096); i--)
                {
                    byte[] record = new byte[random.Next(5) == 0 ? random.Next(8, 3000) : random.Next(8, 60)];
                    BitConverter.TryWriteBytes(record, log.LastSequence + 1);
                    log.Append(record);
                }
            }

            byte[] image = File.ReadAllBytes(LogPath);
            for (int damage = random.Next(1, 4); damage > 0; damage--)
            {
                DamageAnywhere(image, random);
            }

            Restore(image);
            (long[] read, _) = ReadOn();

            Assert.True(read.SequenceEqual(read.Order().Distinct()), $"seed {seed}: {string.Join(' ', read)}");
        }
    }

    [Fact]
    public void Gap_marks_are_told_to_a_follower_as_to_a_reader()
    {
        PersistentLog log = Write();
        Append(log, 5);
        log.Dispose();
        Damage(2);
        PersistentLog.Open(Writable, new PersistentLogOptions { CutAtDamage = true }).Dispose();
        PersistentLogReader reader = Follow().Read();

        Assert.True(reader.MoveNext());
        Assert.Equal(1, Assert.Throws<PersistentLogException>(() => reader.MoveNext()).Missed);
        Assert.Equal([3, 4, 5], Numbers(reader));
        Assert.Equal([1, 3, 4, 5], PersistentLogInspection.Of(MapForReading()).Read().Select(entry => entry.Sequence));
    }

    /// <summary>Nobody says that what it has stored is durable; what it had told is.</summary>
    [Fact]
    public void A_log_that_failed_and_is_disposed_takes_nothing_durable_from_those_who_come_later()
    {
        PersistentLog log = Write();
        Append(log, 5);
        long number = LogHeader.AreaOffset + sizeof(ulong);
        Writable.Write(number, 99L);
        Assert.Throws<PersistentLogException>(() => log.Trim(3));
        Writable.Write(number, 1L);

        log.Dispose();

        PersistentLogFollower follower = Follow();
        Assert.Equal((5, PersistentLogWriterState.Ended), (follower.DurableSequence, follower.Writer.State));
        Assert.Equal([1, 2, 3, 4, 5], Numbers(follower.Read()));
        PersistentLog.Open(Writable).Dispose();
        Assert.Equal(PersistentLogWriterState.None, follower.Writer.State);
    }

    /// <summary>What a follower reads that passes over damage, and how many records are missing, each time that it is told.</summary>
    private (long[] Read, long[] Missed) ReadOn()
    {
        (List<long> read, List<long> missed) = ([], []);
        PersistentLogReader reader = Follow(new PersistentLogOptions { CutAtDamage = true }).Read();
        while (missed.Count < 100)
        {
            try
            {
                if (!reader.MoveNext())
                {
                    break;
                }

                read.Add(reader.Current.Sequence);
            }
            catch (PersistentLogException exception)
            {
                Assert.True(exception.Missed > 0, exception.Message);
                missed.Add(exception.Missed);
            }
        }

        return ([.. read], [.. missed]);
    }

    /// <summary>A bit flips, or two sectors are swapped, where records are.</summary>
    private static void DamageAnywhere(byte[] image, Random random)
    {
        const int Sector = 512;
        int at = random.Next((int)LogHeader.AreaOffset, Math.Min(image.Length, (int)LogHeader.AreaOffset + 12_000));
        if (random.Next(2) == 0)
        {
            image[at] ^= (byte)(1 << random.Next(8));
            return;
        }

        Span<byte> one = image.AsSpan(at / Sector * Sector, Sector);
        Span<byte> other = image.AsSpan(random.Next((int)LogHeader.AreaOffset / Sector, image.Length / Sector) * Sector, Sector);
        byte[] kept = one.ToArray();
        other.CopyTo(one);
        kept.CopyTo(other);
    }

    private void Damage(int record)
    {
        long at = LogHeader.AreaOffset + ((record - 1) * RecordSize) + RecordHead.Size;
        Writable.Write(at, ~Writable.Read<long>(at));
    }

    private void Restore(byte[] content) => Writable.CopyFrom(0, content);
}
