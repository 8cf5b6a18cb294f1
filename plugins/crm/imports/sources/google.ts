import type { Source } from './source.ts';

/**
 * Google Contacts: the CSV file of its export, of the layout since 2024 and of the one before it
 * (https://support.google.com/contacts/answer/1069522). Several values of one cell are separated by ` ::: `.
 */
export const google: Source = {
  name: 'google',
  separator: ' ::: ',
  bullet: '* ',
  columns: {
    contacts: {
      'First Name': 'first_name',
      'Given Name': 'first_name',
      'Last Name': 'last_name',
      'Family Name': 'last_name',
      'E-mail 1 - Value': 'email',
      'E-mail 2 - Value': ['second_email', 'other_email'],
      'Phone 1 - Value': 'phone',
      'Phone 2 - Value': 'mobile',
      'Organization Name': 'company_id.name',
      'Organization 1 - Name': 'company_id.name',
      'Organization Title': 'job_title',
      'Organization 1 - Title': 'job_title',
      'Organization Department': 'department',
      'Organization 1 - Department': 'department',
      Labels: 'tags',
      'Group Membership': 'tags',
      Birthday: 'birthday',
      Notes: ['notes', 'description'],
      'Website 1 - Value': 'website',
      'Address 1 - Street': 'street',
      'Address 1 - City': 'city',
      'Address 1 - Region': 'state',
      'Address 1 - Postal Code': 'postal_code',
      'Address 1 - Country': 'country',
    },
  },
};
