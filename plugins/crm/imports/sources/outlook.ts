import type { Source } from './source.ts';

/**
 * Microsoft Outlook: the CSV files of its export of contacts and of tasks
 * (https://support.microsoft.com/office/create-or-edit-csv-files-to-import-into-outlook-4518d70d-8fe9-46ad-94fa-1494247193c7).
 * Its `Title` is a form of address, not a position.
 */
export const outlook: Source = {
  name: 'outlook',
  separator: ';',
  columns: {
    contacts: {
      'First Name': 'first_name',
      'Last Name': 'last_name',
      'E-mail Address': 'email',
      'E-mail 2 Address': ['second_email', 'other_email'],
      'Business Phone': 'phone',
      'Primary Phone': 'phone',
      'Mobile Phone': ['mobile', 'phone'],
      'Home Phone': 'phone',
      'Job Title': 'job_title',
      Title: 'salutation',
      Department: 'department',
      Company: 'company_id.name',
      Categories: 'tags',
      Birthday: 'birthday',
      Notes: ['notes', 'description'],
      'Web Page': 'website',
      'Business Street': 'street',
      'Business City': 'city',
      'Business State': 'state',
      'Business Postal Code': 'postal_code',
      'Business Country/Region': 'country',
    },
    activities: {
      Subject: ['subject', 'title'],
      'Due Date': ['due_at', 'due_date'],
      'Start Date': ['starts_at', 'due_at'],
      'End Date': 'ends_at',
      'Reminder Date': ['reminder_at', 'remind_at'],
      Status: 'status',
      Priority: 'priority',
      Notes: ['body', 'text', 'description'],
      Description: ['body', 'text', 'description'],
      Categories: 'tags',
    },
  },
};
